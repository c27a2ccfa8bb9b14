# SPDX-License-Identifier: Apache-2.0
"""Serves a model that ``stoker export --format onnx`` wrote, over HTTP, with ONNX Runtime.

    python serve.py model.onnx [--port 8000]
    curl --data-binary @cat.jpg http://127.0.0.1:8000/

The answer is JSON: each class and its probability.
Needs onnxruntime, numpy and pillow; neither Java nor Spark.
"""

from __future__ import annotations

import argparse
import io
import json
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

LARGEST_IMAGE_BYTES = 16 * 1024 * 1024


class Classifier:
    """A model and what its file says of its images."""

    def __init__(self, path: str) -> None:
        self.session = onnxruntime.InferenceSession(path)
        self.names = json.loads(self.session.get_modelmeta().custom_metadata_map["class_names"])
        _, self.channels, self.height, self.width = self.session.get_inputs()[0].shape

    def classify(self, data: bytes) -> dict[str, float]:
        """Give the probability of each class; an image is resized and cropped as for training."""
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
        image = image.convert("L" if self.channels == 1 else "RGB")
        image = ImageOps.fit(image, (self.width, self.height), Image.Resampling.BILINEAR)
        pixels = np.asarray(image, dtype=np.float32).reshape(self.height, self.width, -1)
        batch = pixels.transpose(2, 0, 1)[np.newaxis]
        probabilities = self.session.run(["probabilities"], {"images": batch})[0][0]
        return {name: float(value) for name, value in zip(self.names, probabilities, strict=True)}


def handler(classifier: Classifier) -> type[BaseHTTPRequestHandler]:
    """Answer the requests to one model."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            if not 0 < length <= LARGEST_IMAGE_BYTES:
                self.send_error(413, "The body must be an image of up to 16 MiB")
                return
            try:
                answer = classifier.classify(self.rfile.read(length))
            except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
                self.send_error(400, "The body is no image that Pillow reads")
                return
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a file that stoker export wrote")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    server = HTTPServer(("127.0.0.1", arguments.port), handler(Classifier(arguments.model)))
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
