// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.base.LittleEndian;
import io.stoker.data.storage.Storage;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceSource;
import io.stoker.failure.DamagedException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * The vectors in a model file that was verified before, as a source of slices: each executor reads
 * the ranges that it needs.
 *
 * @param file the model file
 * @param parametersOffset where in it the first parameter is, in bytes
 * @param updaterStateOffset where the first value of the updater state is; 0 for a state of zeros
 * @param outerMomentumOffset where the first value of the outer momentum is; 0 for zeros
 * @param emaOffset where the first value of the moving average is; 0 for zeros
 */
public record StoredVectors(
    String file,
    long parametersOffset,
    long updaterStateOffset,
    long outerMomentumOffset,
    long emaOffset)
    implements SliceSource {
  @Override
  public byte[] read(ParameterSlices slices, int slice, Configuration hadoop) {
    int length = slices.length(slice);
    byte[] content = new byte[slices.bytes(slice)];
    FloatBuffer values = LittleEndian.floats(content);
    Path path = new Path(file);
    try (FSDataInputStream in = Storage.of(path, hadoop).open(path)) {
      read(in, parametersOffset, slices.offset(slice), values.slice(0, length));
      for (int vector = 1; vector < slices.vectors() && updaterStateOffset > 0; vector++) {
        long at = slices.stateOffset(vector, slice);
        read(in, updaterStateOffset, at, values.slice(vector * length, length));
      }
      if (slices.outerMomentum() && outerMomentumOffset > 0) {
        int at = slices.vectors() * length;
        read(in, outerMomentumOffset, slices.offset(slice), values.slice(at, length));
      }
      if (slices.ema() && emaOffset > 0) {
        int at = slices.emaVector() * length;
        read(in, emaOffset, slices.offset(slice), values.slice(at, length));
      }
      return content;
    } catch (EOFException | FileNotFoundException e) {
      throw new DamagedException(
          "Cannot read %s: it was cut or removed during the job".formatted(file), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  /**
   * Reads a range of the parameters.
   *
   * @param first where it begins
   * @param target takes it
   * @param hadoop how to reach the file
   */
  public void readParameters(long first, FloatBuffer target, Configuration hadoop) {
    Path path = new Path(file);
    try (FSDataInputStream in = Storage.of(path, hadoop).open(path)) {
      read(in, parametersOffset, first, target);
    } catch (EOFException | FileNotFoundException e) {
      throw new DamagedException(
          "Cannot read %s: it was cut or removed during the job".formatted(file), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  private static void read(FSDataInputStream in, long start, long first, FloatBuffer target)
      throws IOException {
    byte[] bigEndian = new byte[target.remaining() * Float.BYTES];
    in.readFully(start + first * Float.BYTES, bigEndian);
    target.put(ByteBuffer.wrap(bigEndian).order(ByteOrder.BIG_ENDIAN).asFloatBuffer());
  }
}
