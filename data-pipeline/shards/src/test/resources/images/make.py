"""Makes the images of this folder, and beside each what another decoder sees in it. README.md says with what.

Usage: python3 make.py [FOLDER]
"""

import io
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy
from PIL import Image

HERE = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
WIDTH, HEIGHT = 29, 23


def picture():
    """Smooth, so that JPEG keeps it well; other in each corner and channel, so that no turn goes unnoticed."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    red = 250 * x / (WIDTH - 1)
    green = 250 * y / (HEIGHT - 1)
    blue = 120 + 100 * numpy.sin(x / 9.0) * numpy.cos(y / 7.0)
    return numpy.stack([red, green, blue], axis=-1).round().astype(numpy.uint8)


def alpha():
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    return (255 * ((x + y) % 16) / 15).round().astype(numpy.uint8)


RGB = Image.fromarray(picture())
GREY = RGB.convert("L")
RGBA = Image.fromarray(numpy.dstack([picture(), alpha()]))


def over_white(image):
    """RGB, or grey if the image is grey and whole, as Pillow sees it."""
    if image.mode in ("L", "1") and "transparency" not in image.info:
        return image.convert("L")
    if image.mode in ("LA", "PA", "RGBA", "P") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def expect(name, image):
    """Writes what is to be seen, as PPM or PGM."""
    image.save(HERE / (name + (".pgm" if image.mode == "L" else ".ppm")), "PPM")


def put(name, data, seen=None):
    (HERE / name).write_bytes(data)
    expect(name, seen if seen is not None else over_white(Image.open(io.BytesIO(data))))


def saved(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def run(command, data, suffix_in, suffix_out):
    """The output of a command that makes one file of another."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder, "in" + suffix_in)
        target = pathlib.Path(folder, "out" + suffix_out)
        source.write_bytes(data)
        subprocess.run([part.format(source=source, target=target) for part in command], check=True)
        return target.read_bytes()


def magick(data, suffix_in, suffix_out, *options):
    return run(["convert", "{source}", *options, "{target}"], data, suffix_in, suffix_out)


PNG_FILE = saved(RGB, "PNG")
PNG_ALPHA = saved(RGBA, "PNG")


# JPEG

put("baseline-444.jpg", saved(RGB, "JPEG", quality=92, subsampling=0))
put("baseline-420.jpg", saved(RGB, "JPEG", quality=92, subsampling=2))
put("baseline-422.jpg", saved(RGB, "JPEG", quality=92, subsampling=1))
put("progressive.jpg", saved(RGB, "JPEG", quality=92, progressive=True))
put("grey.jpg", saved(GREY, "JPEG", quality=92))
put("grey-progressive.jpg", saved(GREY, "JPEG", quality=92, progressive=True))
put("restarts.jpg", run(["cjpeg", "-restart", "1", "-outfile", "{target}", "{source}"],
                        saved(RGB, "PPM"), ".ppm", ".jpg"))
put("rgb-not-ycc.jpg", run(["cjpeg", "-rgb", "-quality", "92", "-outfile", "{target}", "{source}"],
                           saved(RGB, "PPM"), ".ppm", ".jpg"))
put("trailing-bytes.jpg", saved(RGB, "JPEG", quality=92) + b"\0" * 700)


def cmyk_seen(data):
    """Adobe's files hold inverted inks; without a profile, what an ink leaves of each colour is what is seen."""
    inks = numpy.asarray(Image.open(io.BytesIO(data))).astype(int)
    light = 255 - inks
    return Image.fromarray(((light[..., :3] * light[..., 3:] + 127) // 255).astype(numpy.uint8))


def cmyk():
    inks = 255 - picture().astype(int)
    black = inks.min(axis=-1, keepdims=True) // 2
    return Image.fromarray(numpy.concatenate([inks - black, black], axis=-1).astype(numpy.uint8), "CMYK")


CMYK_FILE = saved(cmyk(), "JPEG", quality=95, subsampling=0)
put("cmyk.jpg", CMYK_FILE, cmyk_seen(CMYK_FILE))
YCCK_FILE = magick(saved(cmyk(), "TIFF"), ".tif", ".jpg", "-quality", "95", "-sampling-factor", "1x1")
put("cmyk-magick.jpg", YCCK_FILE, cmyk_seen(YCCK_FILE))

for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upside = saved(RGB, "JPEG", quality=92, subsampling=0, exif=exif)
    seen = run(["convert", "{source}", "-auto-orient", "{target}"], upside, ".jpg", ".ppm")
    put(f"exif-{orientation}.jpg", upside, Image.open(io.BytesIO(seen)).convert("RGB"))


# PNG

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunk(png, kind, data):
    """A chunk after the header."""
    return png[:33] + chunk(kind, data) + png[33:]


put("rgb.png", PNG_FILE)
put("rgba.png", PNG_ALPHA)
put("grey.png", saved(GREY, "PNG"))
put("grey-alpha.png", saved(RGBA.convert("LA"), "PNG"))
for bits in (1, 2, 4):
    put(f"grey-{bits}-bit.png",
        magick(saved(GREY, "PNG"), ".png", ".png", "-depth", str(bits), "-define", f"png:bit-depth={bits}",
               "-define", "png:color-type=0"))
for bits in (1, 2, 4, 8):
    put(f"palette-{bits}-bit.png", saved(RGB.quantize(2 ** bits), "PNG", bits=bits))
put("palette-transparent.png", saved(RGB.quantize(16), "PNG", transparency=bytes([0, 64, 128, 255])))
put("rgb-transparent-key.png", with_chunk(PNG_FILE, b"tRNS", struct.pack(">3H", *picture()[3, 4].tolist())))
put("grey-transparent-key.png",
    with_chunk(saved(GREY, "PNG"), b"tRNS", struct.pack(">H", GREY.getpixel((4, 3)))))


def deep(channels):
    """Sixteen bits; the low ones say where the pixel is."""
    y, x = numpy.mgrid[0:HEIGHT, 0:WIDTH]
    high = numpy.dstack([picture(), alpha()]).astype(int)
    values = high * 257
    return {1: values[..., :1], 2: values[..., [0, 3]], 3: values[..., :3], 4: values}[channels]


def png16(channels):
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep(channels))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


for channels, name in ((1, "grey"), (2, "grey-alpha"), (3, "rgb"), (4, "rgba")):
    eight = (deep(channels) // 257).astype(numpy.uint8)
    mode = Image.fromarray(eight[..., 0] if channels == 1 else eight)
    put(f"{name}-16-bit.png", png16(channels), over_white(mode))

for name, source in (("rgb", PNG_FILE), ("rgba", PNG_ALPHA), ("grey", saved(GREY, "PNG")),
                     ("palette-4-bit", saved(RGB.quantize(16), "PNG", bits=4)), ("rgb-16-bit", png16(3))):
    put(f"{name}-interlaced.png", magick(source, ".png", ".png", "-interlace", "PNG",
                                         *(["-depth", "16"] if "16" in name else [])),
        over_white(Image.fromarray((deep(3) // 257).astype(numpy.uint8))) if "16" in name else None)


# GIF

def gif_seen(data):
    """The first frame, on a canvas that is transparent where it does not reach."""
    return over_white(Image.open(io.BytesIO(data)).convert("RGBA"))


def put_gif(name, data):
    put(name, data, gif_seen(data))


put_gif("plain.gif", saved(RGB.quantize(64), "GIF"))
put_gif("interlaced.gif", saved(RGB.quantize(64), "GIF", interlace=1))
put_gif("transparent.gif", saved(RGB.quantize(64), "GIF", transparency=3))
put_gif("animated.gif", saved(RGB.quantize(64), "GIF", save_all=True,
                              append_images=[GREY.quantize(16), RGB.quantize(8).rotate(180)], duration=40, loop=0))
put_gif("grey.gif", saved(GREY, "GIF"))
PLAIN = saved(RGB.quantize(64), "GIF", interlace=0)


def on_larger_canvas(gif, left, top, width, height):
    """The same frame somewhere on a larger canvas."""
    table = 3 << ((gif[10] & 7) + 1) if gif[10] & 0x80 else 0
    start = gif.index(b"\x2c", 13 + table)
    return (gif[:6] + struct.pack("<HH", width, height) + gif[10:start]
            + b"\x2c" + struct.pack("<HH", left, top) + gif[start + 5:])


OFFSET = on_larger_canvas(PLAIN, 5, 3, WIDTH + 9, HEIGHT + 7)
put_gif("frame-inside-canvas.gif", OFFSET)
TRANSPARENT = saved(RGB.quantize(64), "GIF", interlace=0, transparency=3)
put_gif("transparent-frame-inside-canvas.gif", on_larger_canvas(TRANSPARENT, 5, 3, WIDTH + 9, HEIGHT + 7))
put("canvas-of-nothing.gif", on_larger_canvas(PLAIN, 0, 0, 0, 0), gif_seen(PLAIN))


# BMP

put("24-bit.bmp", saved(RGB, "BMP"))
put("8-bit.bmp", saved(RGB.quantize(200), "BMP"))
put("grey.bmp", saved(GREY, "BMP"))
put("1-bit.bmp", saved(GREY.convert("1"), "BMP"))
for bits in (4, 8):
    put(f"rle-{bits}.bmp", magick(saved(RGB.quantize(2 ** bits), "PNG"), ".png", ".bmp", "-compress", "RLE",
                                  *(["-depth", "4"] if bits == 4 else [])))
for kind in ("565", "555"):
    put(f"16-bit-{kind}.bmp", magick(PNG_FILE, ".png", ".bmp", "-define", f"bmp:subtype=RGB{kind}"))
put("os2.bmp", magick(PNG_FILE, ".png", ".bmp", "-define", "bmp:format=bmp2"))
put("version-3.bmp", magick(PNG_FILE, ".png", ".bmp", "-define", "bmp:format=bmp3"))
put("version-4.bmp", magick(PNG_FILE, ".png", ".bmp", "-define", "bmp:format=bmp4"))
V5 = magick(PNG_ALPHA, ".png", ".bmp", "-define", "bmp:format=bmp4")
put("version-4-alpha.bmp", V5)


def top_down(bmp):
    """Height below zero: rows from the top."""
    start = struct.unpack("<I", bmp[10:14])[0]
    stride = (WIDTH * 3 + 3) // 4 * 4
    rows = [bmp[start + i * stride:start + (i + 1) * stride] for i in range(HEIGHT)]
    return bmp[:22] + struct.pack("<i", -HEIGHT) + bmp[26:start] + b"".join(reversed(rows))


put("top-down.bmp", top_down(saved(RGB, "BMP")))


# WebP

def put_webp(name, *options, source=PNG_FILE):
    data = run(["cwebp", "-quiet", *options, "{source}", "-o", "{target}"], source, ".png", ".webp")
    seen = run(["dwebp", "-quiet", "-nodither", "{source}", "-o", "{target}"], data, ".webp", ".png")
    put(name, data, over_white(Image.open(io.BytesIO(seen))))


put_webp("lossy.webp", "-q", "90")
put_webp("lossy-simple-filter.webp", "-q", "40", "-nostrong")
put_webp("lossy-segments.webp", "-q", "70", "-segments", "4", "-sns", "80")
put_webp("lossy-alpha.webp", "-q", "90", "-exact", source=PNG_ALPHA)
put_webp("lossy-alpha-plain.webp", "-q", "90", "-alpha_method", "0", "-exact", source=PNG_ALPHA)
put_webp("lossless.webp", "-lossless")
put_webp("lossless-alpha.webp", "-lossless", "-exact", source=PNG_ALPHA)
put_webp("lossless-palette.webp", "-lossless", source=saved(RGB.quantize(8), "PNG"))
put_webp("grey.webp", "-q", "90", source=saved(GREY, "PNG"))
put("animated-lossy-alpha.webp", saved(RGBA, "WEBP", save_all=True, append_images=[RGBA.rotate(180)], quality=80))
put("animated.webp", saved(RGB, "WEBP", save_all=True, append_images=[RGB.rotate(180)], duration=40, lossless=True))

# EXIF in other formats than JPEG

TURNED = over_white(RGB.transpose(Image.Transpose.ROTATE_270))
exif = Image.Exif()
exif[0x0112] = 6
put("exif-6.webp", saved(RGB, "WEBP", lossless=True, exif=exif), TURNED)
put("exif-6.png", saved(RGB, "PNG", exif=exif), TURNED)
