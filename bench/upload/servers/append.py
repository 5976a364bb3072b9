# A Flask server of the kind tutorials show for Dropzone: chunks are appended in the order of their offsets,
# and after the last one the size is looked at. No catalogue, no digest, no sync.
import logging
import os
import socket
import sys

from flask import Flask, make_response, request
from werkzeug.utils import secure_filename

target = sys.argv[1]
logging.getLogger("werkzeug").setLevel(logging.ERROR)
app = Flask(__name__)


@app.post("/upload")
def upload():
    chunk = request.files["file"]
    path = os.path.join(target, secure_filename(chunk.filename))
    index = int(request.form["dzchunkindex"])
    if os.path.exists(path) and index == 0:
        return make_response(("File already exists", 400))
    try:
        with open(path, "ab") as out:
            out.seek(int(request.form["dzchunkbyteoffset"]))
            out.write(chunk.stream.read())
    except OSError:
        return make_response(("The file could not be written", 500))
    if index + 1 == int(request.form["dztotalchunkcount"]):
        if os.path.getsize(path) != int(request.form["dztotalfilesize"]):
            return make_response(("Size mismatch", 500))
    return make_response(("Chunk upload successful", 200))


with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
print(f"http://127.0.0.1:{port}", flush=True)
app.run(port=port, threaded=True)
