// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.measure;

import io.stoker.failure.Check;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures stages of a pipeline side by side. Each measurement is cut into slices that take turns,
 * so that whatever slows the machine slows all.
 */
public final class StageClock {
  private static final double NANOSECONDS = 1e9;
  private static final double MEGA = 1e6;
  private static final int ROUNDS = 7;

  private final List<Stage> stages = new ArrayList<>();

  /**
   * What was measured: medians.
   *
   * @param stage which
   * @param threads how many at work
   * @param imagesPerSecond images in all
   * @param megabytesPerSecond 10^6 bytes in all
   */
  public record Rate(
      String stage, int threads, double imagesPerSecond, double megabytesPerSecond) {}

  /** Goes over the images once. */
  public interface Pass {
    /**
     * Does its work.
     *
     * @return how many images there were
     * @throws IOException if the storage fails
     */
    long run() throws IOException;
  }

  /** Repeats work for a while. */
  public interface Measurement {
    /**
     * Measures once.
     *
     * @param seconds how long, at least
     * @return images a second
     * @throws IOException if the storage fails
     */
    double imagesPerSecond(double seconds) throws IOException;
  }

  private record Stage(String name, int threads, double bytes, Measurement measurement) {}

  /**
   * Adds a stage.
   *
   * @param name of it
   * @param threads that it keeps at work
   * @param bytes of an image, as the stage is best measured by
   * @param pass over the images
   */
  public void add(String name, int threads, double bytes, Pass pass) {
    addMeasured(name, threads, bytes, slice -> imagesPerSecond(pass, slice));
  }

  /**
   * Adds a stage that is measured in its own way.
   *
   * @param name of it
   * @param threads that it keeps at work
   * @param bytes of an image, as the stage is best measured by
   * @param measurement of a slice
   */
  public void addMeasured(String name, int threads, double bytes, Measurement measurement) {
    stages.add(new Stage(name, threads, bytes, measurement));
  }

  /**
   * Measures all stages.
   *
   * @param seconds for each, after a warm-up
   * @throws IOException if the storage fails
   */
  public List<Rate> measure(double seconds) throws IOException {
    Check.input(seconds > 0, "Invalid seconds: %s (must be > 0)", seconds);
    double[][] rates = new double[stages.size()][ROUNDS];
    for (int round = -1; round < ROUNDS; round++) { // The first one is for warming up.
      for (int i = 0; i < stages.size(); i++) {
        double rate = stages.get(i).measurement().imagesPerSecond(seconds / ROUNDS);
        if (round >= 0) {
          rates[i][round] = rate;
        }
      }
    }
    List<Rate> result = new ArrayList<>();
    for (int i = 0; i < stages.size(); i++) {
      Stage stage = stages.get(i);
      Arrays.sort(rates[i]);
      double median = rates[i][ROUNDS / 2];
      result.add(new Rate(stage.name, stage.threads, median, median * stage.bytes / MEGA));
    }
    return result;
  }

  /**
   * Repeats a pass for a while.
   *
   * @param pass over the images
   * @param seconds how long, at least
   * @return images a second
   * @throws IOException if the storage fails
   */
  public static double imagesPerSecond(Pass pass, double seconds) throws IOException {
    long images = 0;
    long begin = System.nanoTime();
    double elapsed;
    do {
      images += pass.run();
      elapsed = (System.nanoTime() - begin) / NANOSECONDS;
    } while (elapsed < seconds);
    return images / elapsed;
  }
}
