package io.stoker.driver.averaging;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * What the driver learns about a slice of a new round: a few bytes a worker, whatever the size of
 * the model.
 *
 * @param slice which slice
 * @param seconds how long fetching and averaging its pieces took
 * @param movedBytes pieces that other executors have written
 * @param driftSquared see {@link WeightedMean.Averaged}
 * @param normSquared see {@link WeightedMean.Averaged}
 * @param workers the workers' reports in their order, with the last slice; empty with the others
 */
record SliceReport(
    int slice,
    double seconds,
    long movedBytes,
    double driftSquared,
    double normSquared,
    List<WorkerReport> workers)
    implements Serializable {
  SliceReport {
    workers = List.copyOf(workers);
  }

  byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(this);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static SliceReport ofBytes(byte[] bytes) {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return (SliceReport) in.readObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The report on a slice that was not averaged but read. */
  static SliceReport ofSource(int slice) {
    return new SliceReport(slice, 0, 0, 0, 0, List.of());
  }
}
