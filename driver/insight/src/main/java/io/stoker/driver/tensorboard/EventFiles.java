// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.tensorboard;

import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.tensorflow.proto.util.Event;

/**
 * Writes event files with the names that TensorBoard looks for, {@code
 * events.out.tfevents.SECONDS.stoker.NUMBER}, in one folder. On a filesystem where an open file can
 * be read, there is one file. An object store shows a file only when it is complete: there each
 * {@link #publish} completes one.
 */
final class EventFiles implements AutoCloseable {
  /** The capability of a stream whose content can be read before it is closed. */
  private static final String READABLE = "hflush";

  private static final String VERSION = "brain.Event:2";

  private final Path folder;
  private final FileSystem fileSystem;
  private final long seconds = System.currentTimeMillis() / 1000;
  private FSDataOutputStream out;
  private int number;

  /**
   * @param folder the folder for them; created with the first event if it does not exist
   * @param hadoop how to reach it
   */
  EventFiles(Path folder, Configuration hadoop) {
    this.folder = folder;
    try {
      this.fileSystem = Storage.of(folder, hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write TensorBoard's files to " + folder, e);
    }
  }

  private void open() throws IOException {
    fileSystem.mkdirs(folder);
    Path file = next();
    while (fileSystem.exists(file)) { // of another run that began in this second
      file = next();
    }
    out = fileSystem.create(file, false);
    append(Event.newBuilder().setFileVersion(VERSION));
  }

  private Path next() {
    return new Path(
        folder,
        String.format(Locale.ROOT, "events.out.tfevents.%010d.stoker.%04d", seconds, number++));
  }

  /** Adds an event with the current time. */
  void write(Event.Builder event) {
    try {
      if (out == null) {
        open();
      }
      append(event);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write TensorBoard's files to " + folder, e);
    }
  }

  private void append(Event.Builder event) throws IOException {
    out.write(
        EventRecords.framed(
            event.setWallTime(System.currentTimeMillis() / 1e3).build().toByteArray()));
  }

  /** Makes events readable, as far as that is possible without completing the file. */
  void flush() {
    try {
      if (out != null) {
        out.flush();
        if (out.hasCapability(READABLE)) {
          out.hflush();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write TensorBoard's files to " + folder, e);
    }
  }

  /** Makes all events readable, by completing the file if necessary. */
  void publish() {
    flush();
    if (out != null && !out.hasCapability(READABLE)) {
      close();
    }
  }

  @Override
  public void close() {
    FSDataOutputStream closing = out;
    out = null; // Also where closing fails: later events then go to another file.
    try {
      if (closing != null) {
        closing.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write TensorBoard's files to " + folder, e);
    }
  }
}
