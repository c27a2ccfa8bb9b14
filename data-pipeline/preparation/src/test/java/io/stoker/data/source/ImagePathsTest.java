// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.Fifo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImagePathsTest {
  private static final Configuration HADOOP = new Configuration();
  private static final String LEADS_OUT = "its path leads out of the input's folder";

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    for (String file : new String[] {"in/a/1.png", "in-2/2.png", "secret.png", "more/3.png"}) {
      Files.createDirectories(folder.resolve(file).getParent());
      Files.writeString(folder.resolve(file), file);
    }
    Files.createSymbolicLink(folder.resolve("in/out.png"), folder.resolve("secret.png"));
    Files.createSymbolicLink(folder.resolve("in/more"), folder.resolve("more"));
    Files.createSymbolicLink(folder.resolve("in/inner.png"), Path.of("a/1.png"));
    Files.createSymbolicLink(folder.resolve("in/lost.png"), folder.resolve("nothing.png"));
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("in"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a/1.png",
        "./a/../a/1.png",
        "../in/a/1.png",
        "FOLDER/in/a/1.png",
        "file:FOLDER/in/a/1.png",
        "file://FOLDER/in/a/1.png",
        "inner.png"
      })
  void aFileOfTheInputIsReadHoweverItIsNamed(String path) throws IOException {
    assertThat(read(inside("in"), path)).isEqualTo("in/a/1.png");
    assertThat(read(inside("link"), path.replace("/in/", "/link/"))).isEqualTo("in/a/1.png");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.png",
        "a/../../secret.png",
        "../in-2/2.png",
        "FOLDER/secret.png",
        "FOLDER/in/../secret.png",
        "file:FOLDER/secret.png",
        "file://FOLDER/in-2/2.png",
        "out.png",
        "more/3.png",
        "/etc/hostname",
        "/dev/zero",
        "ftp://127.0.0.1:1/in/a/1.png",
        "hdfs://127.0.0.1:1/in/a/1.png",
        "http://127.0.0.1:1/1.png",
        "s3a://bucket/1.png",
        "HDFS://127.0.0.1:1/x.png"
      })
  void whatLeadsOutIsRejectedWithoutBeingLookedAt(String path) throws IOException {
    assertThat(read(inside("in"), path)).startsWith(LEADS_OUT);
  }

  @Test
  void anotherFolderIsReadWhereTheUserAllowsIt() throws IOException {
    ImagePaths files = inside("in", "more", "secret.png");

    assertThat(read(files, "../more/3.png")).isEqualTo("more/3.png");
    assertThat(read(files, "more/3.png")).isEqualTo("more/3.png");
    assertThat(read(files, "a/1.png")).isEqualTo("in/a/1.png");
    assertThat(read(files, "../in-2/2.png")).startsWith(LEADS_OUT);
  }

  @Test
  void anInputWithoutAFolderReadsFromThoseThatTheUserAllows() throws IOException {
    ImagePaths files =
        ImagePaths.inside(Optional.empty(), List.of(hadoop(folder.resolve("more"))), HADOOP);

    assertThat(read(files, "FOLDER/more/3.png")).isEqualTo("more/3.png");
    assertThat(read(files, "FOLDER/secret.png")).startsWith(LEADS_OUT);
    assertThat(read(files, "pom.xml")).startsWith(LEADS_OUT);
  }

  @Test
  void whatIsMissingOrNoFileHasItsOwnReason() throws IOException {
    Fifo.make(folder.resolve("in/pipe.png"));

    assertThat(read(inside("in"), "none.png")).isEqualTo("missing");
    assertThat(read(inside("in"), "lost.png")).isEqualTo("missing");
    assertThat(read(inside("in"), "a")).isEqualTo("a folder");
    assertThat(read(inside("in"), "pipe.png")).contains("a named pipe, socket or device");
    assertThat(read(inside("in"), "a\0b.png")).isNotEmpty();
    assertThat(read(inside("in"), "file://localhostFOLDER/in/a/1.png")).contains("host localhost");
  }

  @Test
  void aProgramsOwnRowsMayNameAnyFile() {
    assertThat(read(ImagePaths.ANYWHERE, "FOLDER/secret.png")).isEqualTo("secret.png");
  }

  private ImagePaths inside(String base, String... more) throws IOException {
    return ImagePaths.inside(
        Optional.of(hadoop(folder.resolve(base))),
        List.of(more).stream().map(each -> hadoop(folder.resolve(each))).toList(),
        HADOOP);
  }

  private static org.apache.hadoop.fs.Path hadoop(Path path) {
    return new org.apache.hadoop.fs.Path(path.toString());
  }

  /** The file's text, or why there is none. */
  private String read(ImagePaths files, String path) {
    SourceImage image = files.read(path.replace("FOLDER", folder.toString()), HADOOP);
    return image instanceof SourceImage.Encoded encoded
        ? new String(encoded.file(), java.nio.charset.StandardCharsets.UTF_8)
        : ((SourceImage.Unreadable) image).reason();
  }
}
