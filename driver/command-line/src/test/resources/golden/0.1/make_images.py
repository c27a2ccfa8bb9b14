"""Writes the images of the golden shards: three classes of 12 x 12 pixels, one broken file, one copy."""
import os, random, struct, zlib

SIDE = 12
random.seed(7)

def png(pixels):
    rows = b"".join(b"\0" + bytes(c for x in range(SIDE) for c in pixels[y][x]) for y in range(SIDE))
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")

def pixel(name, x, y):
    light = {"above": y < SIDE // 2, "left": x < SIDE // 2, "Äpfel": False}[name]
    base = [150, 150, 150] if light else [90, 90, 90]
    if name == "Äpfel":
        base = [160, 70, 70]
    return [max(0, min(255, c + random.randint(-50, 50))) for c in base]

for name in ["above", "left", "Äpfel"]:
    os.makedirs("images/" + name)
    for i in range(40):
        content = png([[pixel(name, x, y) for x in range(SIDE)] for y in range(SIDE)])
        with open("images/%s/%02d.png" % (name, i), "wb") as file:
            file.write(content)
        if name == "left" and i in (0, 1):
            with open("images/left/%s.png" % ("broken", "copy")[i], "wb") as file:
                file.write(content[:150] if i == 0 else content)
