// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.score.BulkPredictRequest.ExistingOutput;
import io.stoker.failure.InputException;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a folder holds when the storage is gone after any number of changes. */
class PredictionFolderTest {
  /** The local disk, which takes some changes and then no more. */
  public static final class EndingFileSystem extends RawLocalFileSystem {
    static int changes;

    @Override
    public URI getUri() {
      return URI.create("ending:///");
    }

    @Override
    public File pathToFile(org.apache.hadoop.fs.Path path) {
      return new File(path.toUri().getPath());
    }

    private static void change() throws IOException {
      if (changes-- <= 0) {
        throw new IOException("the storage is gone");
      }
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      change();
      return super.create(file, overwrite, bufferSize, replication, blockSize, progress);
    }

    @Override
    public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to)
        throws IOException {
      change();
      return super.rename(from, to);
    }

    @Override
    public boolean delete(org.apache.hadoop.fs.Path file, boolean recursive) throws IOException {
      change();
      return super.delete(file, recursive);
    }
  }

  private static final List<String> OLD = List.of("part-0-old.parquet", "part-1-old.parquet");
  private static final List<String> NEW = List.of("part-0-new.parquet", "part-1-new.parquet");

  private final Configuration hadoop = new Configuration();

  PredictionFolderTest() {
    hadoop.setClass(
        "fs.ending.impl", EndingFileSystem.class, org.apache.hadoop.fs.FileSystem.class);
    hadoop.setBoolean("fs.ending.impl.disable.cache", true);
  }

  private PredictionFolder folder(Path out) throws IOException {
    return new PredictionFolder(new org.apache.hadoop.fs.Path("ending://" + out), hadoop);
  }

  private static void write(Path folder, List<String> names) throws IOException {
    for (String name : names) {
      try (ParquetWriter<Group> writer =
          ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(folder.resolve(name).toUri()))
              .withType(
                  MessageTypeParser.parseMessageType(
                      "message m { optional binary prediction; optional double probability;"
                          + " optional int32 top; optional binary error; }"))
              .build()) {
        assertThat(writer.getDataSize()).isNotNegative();
      }
      Files.deleteIfExists(folder.resolve("." + name + ".crc"));
    }
  }

  /** As a job does: what is here is replaced by files of these names, and no others. */
  private void overwrite(Path out, List<String> names) throws IOException {
    PredictionFolder folder = folder(out);
    folder.begin();
    Path staging = Files.createDirectories(out.resolve(PredictionFolder.STAGING));
    write(staging, names);
    write(staging, List.of("part-0-of-an-attempt-that-failed.parquet"));
    folder.publish(Set.copyOf(names));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static List<String> parts(Path folder) throws IOException {
    return names(folder).stream().filter(name -> name.startsWith("part-")).toList();
  }

  @Test
  void holdsTheOldPredictionsOrTheNewOnesOrDoesNotSaySuccess(@TempDir Path scratch)
      throws IOException {
    boolean ended = true;
    int changes = 0;
    for (; ended; changes++) {
      Path out = Files.createDirectory(scratch.resolve("after-" + changes));
      EndingFileSystem.changes = Integer.MAX_VALUE;
      overwrite(out, OLD);
      assertThat(names(out)).containsAll(OLD).contains(PredictionFolder.SUCCESS);

      EndingFileSystem.changes = changes;
      ended = false;
      try {
        overwrite(out, NEW);
      } catch (IOException e) {
        assertThat(e).hasMessage("the storage is gone");
        ended = true;
      }

      EndingFileSystem.changes = Integer.MAX_VALUE;
      if (names(out).contains(PredictionFolder.SUCCESS)) {
        assertThat(parts(out)).isIn(OLD, NEW);
      } else {
        Path staging = out.resolve(PredictionFolder.STAGING);
        List<String> fresh = Stream.concat(parts(out).stream(), parts(staging).stream()).toList();
        assertThat(fresh).as("no new prediction is lost").containsAll(NEW);
      }
      // It is still known as ours, and the next job replaces it.
      folder(out).check(new org.apache.hadoop.fs.Path("file:/elsewhere"), ExistingOutput.OVERWRITE);
      overwrite(out, List.of("part-0-newest.parquet"));
      assertThat(names(out))
          .containsExactlyInAnyOrder(
              "part-0-newest.parquet", PredictionFolder.SUCCESS, PredictionMarker.FILE);
    }
    assertThat(changes).as("how many changes an overwrite makes").isGreaterThan(8);
  }

  @Test
  void aFileThatWasChangedIsNotReplaced(@TempDir Path scratch) throws IOException {
    EndingFileSystem.changes = Integer.MAX_VALUE;
    Path out = Files.createDirectory(scratch.resolve("out"));
    overwrite(out, OLD);
    Files.writeString(out.resolve(OLD.get(0)), "somebody's own");

    assertThatThrownBy(
            () ->
                folder(out)
                    .check(
                        new org.apache.hadoop.fs.Path("file:/elsewhere"), ExistingOutput.OVERWRITE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("[" + OLD.get(0) + "]");
  }

  @Test
  void aJobThatIsStoppedBeforeItHasWrittenLeavesRoomForTheNext(@TempDir Path scratch)
      throws IOException {
    EndingFileSystem.changes = Integer.MAX_VALUE;
    Path out = scratch.resolve("out");
    PredictionFolder stopped = folder(out);
    stopped.begin();

    folder(out).check(new org.apache.hadoop.fs.Path("file:/elsewhere"), ExistingOutput.REFUSE);
    stopped.abandon();
    assertThat(out).doesNotExist();
  }
}
