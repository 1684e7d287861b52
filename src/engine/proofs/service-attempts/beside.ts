/** Python for a session: what goes on there while nobody runs anything. */
export const beside = `
import signal, threading
def beside(act):
    """Again and again in a thread, or where a policy has none, each time a timer rings. Returns which of the two."""
    def forever():
        while True:
            act()
    try:
        threading.Thread(target=forever, daemon=True).start()
        return "a thread"
    except RuntimeError:
        signal.signal(signal.SIGALRM, lambda *_: act())
        signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
        return "a timer"
`;
