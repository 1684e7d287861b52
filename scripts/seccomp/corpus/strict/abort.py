# ends: -6
import os

os.abort()
