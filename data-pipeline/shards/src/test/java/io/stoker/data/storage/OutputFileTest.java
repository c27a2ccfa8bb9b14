// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutputFileTest {
  private static final byte[] CONTENT = "new".getBytes(StandardCharsets.UTF_8);

  @TempDir Path scratch;

  private OutputFile file(String name) {
    return OutputFile.check("--save", scratch.resolve(name).toString(), new Configuration());
  }

  @Test
  void theCheckLeavesNothing() throws IOException {
    file("a/b/picture.png");
    OutputFolder.check("--output", scratch.resolve("c/d").toString(), new Configuration());

    assertThat(scratch).isEmptyDirectory();
  }

  @Test
  void writingMakesTheFoldersAndReplacesAnEarlierFile() throws IOException {
    file("a/b/picture.png").write("old".getBytes(StandardCharsets.UTF_8));
    file("a/b/picture.png").write(CONTENT);

    assertThat(scratch.resolve("a/b/picture.png")).hasBinaryContent(CONTENT);
    assertThat(scratch.resolve("a/b")).isDirectoryContaining("glob:**picture.png");
    try (var files = Files.list(scratch.resolve("a/b"))) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void contentThatCannotBeMadeLeavesTheEarlierFile() throws IOException {
    Files.write(scratch.resolve("picture.png"), CONTENT);
    OutputFile output = file("picture.png");

    assertThatThrownBy(
            () ->
                output.write(
                    out -> {
                      out.write(1);
                      throw new IOException("no more");
                    }))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("Cannot write --save")
        .hasMessageContaining("picture.png");
    assertThat(scratch.resolve("picture.png")).hasBinaryContent(CONTENT);
    try (var files = Files.list(scratch)) {
      assertThat(files).hasSize(1);
    }
  }

  /** Hadoop's local filesystem makes an Error of it. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsNamedWithTheFileThatDoesNotFit() throws IOException {
    Files.write(scratch.resolve("model.onnx"), CONTENT);
    OutputFile output = file("model.onnx");
    FileSystem disk = FileSystem.getLocal(new Configuration()).getRawFileSystem();

    assertThatThrownBy(
            () ->
                output.write(
                    out -> {
                      try (OutputStream full =
                          disk.append(new org.apache.hadoop.fs.Path("/dev/full"))) {
                        full.write(new byte[1 << 16]);
                      }
                    }))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessage("Cannot write --save file:%s", scratch.resolve("model.onnx"))
        .hasRootCauseMessage("No space left on device");
    assertThat(scratch.resolve("model.onnx")).hasBinaryContent(CONTENT);
    try (var files = Files.list(scratch)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void aLinkIsReplacedAndNotFollowed() throws IOException {
    Path other = Files.writeString(scratch.resolve("other"), "of somebody else");
    Files.createSymbolicLink(scratch.resolve("picture.png"), other);

    file("picture.png").write(CONTENT);

    assertThat(other).hasContent("of somebody else");
    assertThat(scratch.resolve("picture.png")).isRegularFile().hasBinaryContent(CONTENT);
    assertThat(Files.isSymbolicLink(scratch.resolve("picture.png"))).isFalse();
  }

  @Test
  void namesWithColonsAreNamesOfFiles() throws IOException {
    OutputFolder.check("--output", scratch.toString(), new Configuration())
        .file("12:30.png")
        .write(CONTENT);

    assertThat(scratch.resolve("12:30.png")).hasBinaryContent(CONTENT);
  }

  @Test
  void foldersAndPathsBelowFilesAreRefused() throws IOException {
    Files.createDirectory(scratch.resolve("folder"));
    Files.writeString(scratch.resolve("text"), "");

    assertThatThrownBy(() -> file("folder"))
        .isInstanceOf(InputException.class)
        .hasMessageMatching("Invalid --save: .*folder is a folder");
    for (String below : new String[] {"text/picture.png", "text/a/b/picture.png"}) {
      assertThatThrownBy(() -> file(below))
          .isInstanceOf(InputException.class)
          .hasMessageMatching("Cannot write --save .*: a part of this path is a file, .*");
    }
    assertThatThrownBy(
            () ->
                OutputFolder.check(
                    "--output", scratch.resolve("text").toString(), new Configuration()))
        .isInstanceOf(InputException.class)
        .hasMessageMatching("Invalid --output: .*text is no folder");
    OutputFolder output = OutputFolder.check("--output", scratch.toString(), new Configuration());
    assertThatThrownBy(() -> output.file("folder"))
        .isInstanceOf(InputException.class)
        .hasMessageMatching("Invalid --output: .*folder is a folder");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void devicesAreRefused() {
    assertThatThrownBy(() -> OutputFile.check("--save", "/dev/full", new Configuration()))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid --save: file:/dev/full is no regular file");
  }

  /** Nothing can be made in /proc, by no account. */
  @ParameterizedTest
  @ValueSource(strings = {"/proc/picture.png", "/proc/a/b/picture.png"})
  @EnabledOnOs(OS.LINUX)
  void foldersThatTakeNoFilesAreFoundBeforeTheWork(String path) {
    assertThatThrownBy(() -> OutputFile.check("--save", path, new Configuration()))
        .isInstanceOf(ResourceException.class)
        .hasMessageStartingWith("Cannot write --save ")
        .hasMessageNotContaining("stoker-probe");
  }

  @Test
  void filesystemsThatAreNotKnownAreRefused() {
    assertThatThrownBy(() -> OutputFile.check("--save", "ftpx://h/p.png", new Configuration()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no filesystem is known");
  }
}
