# ends: 1
print(
