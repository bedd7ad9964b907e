# What Python's email package finds in each message of a directory: a line with the name of the file and, in base64,
# the texts and names.
import base64, email, email.policy, os, sys


def found(path, policy):
    with open(path, "rb") as f:
        message = email.message_from_binary_file(f, policy=policy)
    for part in message.walk():
        for read in (lambda: part.get("subject"), part.get_filename):
            try:
                yield str(read() or "").encode("utf-8", "replace")
            except Exception:
                pass
        if part.is_multipart():
            continue
        try:
            content = part.get_payload(decode=True) or b""
        except Exception:
            continue
        yield content
        try:
            yield content.decode(part.get_content_charset("utf-8"), "replace").encode("utf-8", "replace")
        except Exception:
            pass


for name in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], name)
    texts = []
    for policy in (email.policy.compat32, email.policy.default):
        try:
            texts.extend(found(path, policy))
        except Exception:
            pass
    print(name + "\t" + base64.b64encode(b"\n".join(texts)).decode())
