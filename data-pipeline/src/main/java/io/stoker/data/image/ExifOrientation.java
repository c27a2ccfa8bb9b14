package io.stoker.data.image;

import com.twelvemonkeys.imageio.metadata.CompoundDirectory;
import com.twelvemonkeys.imageio.metadata.Directory;
import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEG;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegment;
import com.twelvemonkeys.imageio.metadata.jpeg.JPEGSegmentUtil;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import javax.imageio.stream.ImageInputStream;

/**
 * How a camera was held, as a JPEG file's EXIF data say (EXIF 2.32, tag 0x0112): 1 is upright, 2 to
 * 8 are mirrored or turned.
 */
final class ExifOrientation {
  private static final int UPRIGHT = 1;

  /** Before the TIFF structure of an EXIF segment: the padding byte after "Exif\0". */
  private static final int PADDING_BYTES = 1;

  private ExifOrientation() {}

  /** The orientation of a JPEG file; upright if it says nothing sensible, as viewers do. */
  static int of(byte[] jpeg) {
    try (ImageInputStream in = new ByteArrayImageInputStream(jpeg)) {
      List<JPEGSegment> segments = JPEGSegmentUtil.readSegments(in, JPEG.APP1, "Exif");
      if (segments.isEmpty()) {
        return UPRIGHT;
      }
      byte[] exif = segments.get(0).data().readAllBytes();
      try (ImageInputStream tiff =
          new ByteArrayImageInputStream(exif, PADDING_BYTES, exif.length - PADDING_BYTES)) {
        return orientation(new TIFFReader().read(tiff));
      }
    } catch (IOException | RuntimeException e) { // Broken EXIF data do not make a broken image.
      return UPRIGHT;
    }
  }

  private static int orientation(Directory directory) {
    Directory first =
        directory instanceof CompoundDirectory compound ? compound.getDirectory(0) : directory;
    Entry entry = first.getEntryById(TIFF.TAG_ORIENTATION);
    return entry != null
            && entry.getValue() instanceof Number value
            && value.intValue() >= 1
            && value.intValue() <= 8
        ? value.intValue()
        : UPRIGHT;
  }

  /** Turns an image upright. */
  static Pixels upright(Pixels image, int orientation) {
    if (orientation == UPRIGHT) {
      return image;
    }
    ImageShape from = image.shape();
    boolean swapped = orientation >= 5;
    boolean mirrorX = Set.of(2, 3, 7, 8).contains(orientation);
    boolean mirrorY = Set.of(3, 4, 6, 7).contains(orientation);
    int height = swapped ? from.width() : from.height();
    int width = swapped ? from.height() : from.width();
    ImageShape to = new ImageShape(height, width, from.channels());
    byte[] values = new byte[to.bytes()];
    int channels = from.channels();
    int out = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        // The row and column of the stored image that are shown here.
        int column = swapped ? y : x;
        int row = swapped ? x : y;
        column = mirrorX ? from.width() - 1 - column : column;
        row = mirrorY ? from.height() - 1 - row : row;
        int in = (row * from.width() + column) * channels;
        for (int channel = 0; channel < channels; channel++) {
          values[out++] = image.values()[in + channel];
        }
      }
    }
    return new Pixels(to, values);
  }
}
