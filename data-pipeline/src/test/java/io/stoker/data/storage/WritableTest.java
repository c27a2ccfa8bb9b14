package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WritableTest {
  @TempDir private Path folder;

  /** A disk that is mounted to be read. */
  public static final class ReadOnlyDisk extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("readonly:///");
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        FsPermission permission,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      throw new java.io.FileNotFoundException(file.toUri().getPath() + " (Read-only file system)");
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
      return create(file, null, overwrite, bufferSize, replication, blockSize, progress);
    }
  }

  private static Configuration hadoop() {
    Configuration hadoop = new Configuration();
    hadoop.setClass(
        "fs.readonly.impl", ReadOnlyDisk.class, org.apache.hadoop.fs.FileSystem.class);
    return hadoop;
  }

  private org.apache.hadoop.fs.Path path(String name) {
    return new org.apache.hadoop.fs.Path(folder.resolve(name).toUri());
  }

  @Test
  void leavesNothingWhereWritingWorks() throws IOException {
    Storage.requireWritable(path("new/deep/file.png"), hadoop());
    Storage.requireWritableFolder(path("new/deep"), hadoop());
    assertThat(folder).isEmptyDirectory();
    Files.writeString(folder.resolve("old.png"), "old");
    Storage.requireWritable(path("old.png"), hadoop());
    assertThat(folder.resolve("old.png")).hasContent("old");
    assertThat(folder).isDirectoryNotContaining("glob:**/.stoker*");
  }

  @Test
  void refusesWhatIsBelowAFileOrIsAFolder() throws IOException {
    Files.writeString(folder.resolve("file"), "");
    assertThatThrownBy(() -> Storage.requireWritable(path("file/x.png"), hadoop()))
        .isInstanceOf(InputException.class)
        .hasMessageMatching("Cannot write .*/file/x.png: .*/file is a file");
    assertThatThrownBy(() -> Storage.requireWritableFolder(path("file/a/b"), hadoop()))
        .isInstanceOf(InputException.class)
        .hasMessageEndingWith("/file is a file");
    assertThatThrownBy(() -> Storage.requireWritable(path(""), hadoop()))
        .isInstanceOf(InputException.class)
        .hasMessageEndingWith("it is a folder");
  }

  @Test
  void saysWhyNothingCanBeWritten() {
    org.apache.hadoop.fs.Path file =
        new org.apache.hadoop.fs.Path("readonly:" + folder.resolve("x.png"));
    assertThatThrownBy(() -> Storage.requireWritable(file, hadoop()))
        .isInstanceOf(ResourceException.class)
        .hasMessage("Cannot write " + file + ": Read-only file system");
    assertThatThrownBy(() -> Storage.requireWritableFolder(file, hadoop()))
        .isInstanceOf(ResourceException.class)
        .hasMessageEndingWith("Read-only file system");
  }

  @Test
  void namesTheFilesystemThatWasLookedAt() {
    assertThat(Storage.notFound("input", new org.apache.hadoop.fs.Path("/no/where"), hadoop()))
        .hasMessage("Cannot find input /no/where: there is no /no/where on the local disk");
    Configuration cluster = hadoop();
    cluster.set("fs.defaultFS", "readonly:///");
    assertThat(Storage.notFound("input", new org.apache.hadoop.fs.Path("/no/where"), cluster))
        .hasMessageContaining("there is no /no/where on");
  }
}
