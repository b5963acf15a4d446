"""A notification socket as systemd makes it: prints each message that arrives, as a line of JSON with a list of its assignments."""
import json
import os
import socket
import sys

path = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.bind(path)
os.chmod(path, 0o666)
print(json.dumps(["LISTENING"]), flush=True)
while True:
    message, descriptors, _, _ = socket.recv_fds(listener, 4096, 4)
    # systemd-notify waits until the descriptor that comes with BARRIER=1 is closed.
    for descriptor in descriptors:
        os.close(descriptor)
    print(json.dumps(message.decode().split("\n")), flush=True)
