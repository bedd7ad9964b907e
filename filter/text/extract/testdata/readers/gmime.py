# What GMime finds in each message of a directory: a line with the name of the file and, in base64, the texts and names.
import base64, os, sys

import gi

gi.require_version("GMime", "3.0")
from gi.repository import GMime

GMime.init()


def parts(part):
    yield part
    if isinstance(part, GMime.Multipart):
        for i in range(part.get_count()):
            yield from parts(part.get_part(i))
    elif isinstance(part, GMime.MessagePart) and part.get_message():
        yield from parts(part.get_message())
    elif isinstance(part, GMime.Message) and part.get_mime_part():
        yield from parts(part.get_mime_part())


def found(path):
    stream = GMime.StreamMem.new_with_buffer(open(path, "rb").read())
    message = GMime.Parser.new_with_stream(stream).construct_message(None)
    for part in parts(message) if message else ():
        if isinstance(part, GMime.Message):
            yield (part.get_subject() or "").encode("utf-8", "replace")
        if not isinstance(part, GMime.Part):
            continue
        yield (part.get_filename() or "").encode("utf-8", "replace")
        content = part.get_content()
        if content:
            out = GMime.StreamMem.new()
            content.write_to_stream(out)
            yield bytes(out.get_byte_array())
        if isinstance(part, GMime.TextPart):
            yield (part.get_text() or "").encode("utf-8", "replace")


for name in sorted(os.listdir(sys.argv[1])):
    texts = []
    try:
        texts.extend(found(os.path.join(sys.argv[1], name)))
    except Exception as fault:
        print(name, type(fault), fault, file=sys.stderr)
    print(name + "\t" + base64.b64encode(b"\n".join(texts)).decode())
