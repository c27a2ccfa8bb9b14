// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;

class MissingTest {
  /** A filesystem of another scheme. */
  public static final class OtherFileSystem extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return URI.create("other://host:8020/");
    }
  }

  @Test
  void namesTheFilesystemThatWasLookedAt() {
    Configuration hadoop = new Configuration();
    assertThat(Storage.notFound("input", new Path("/no/where"), hadoop))
        .hasMessage("Cannot find input /no/where: there is no /no/where on the local disk");
    hadoop.setClass("fs.other.impl", OtherFileSystem.class, org.apache.hadoop.fs.FileSystem.class);
    hadoop.set("fs.defaultFS", "other://host:8020/");
    assertThat(Storage.notFound("input", new Path("/no/where"), hadoop))
        .hasMessage("Cannot find input /no/where: there is no /no/where on other://host:8020");
  }

  @Test
  void saysInWordsWhyReadingFailed() {
    assertThat(Storage.reason(new AccessDeniedException("/x"))).isEqualTo("no permission");
    assertThat(Storage.reason(new FileNotFoundException("/x y (Permission denied)")))
        .isEqualTo("Permission denied");
    assertThat(Storage.reason(new IOException("first\nsecond"))).isEqualTo("first");
    assertThat(Storage.reason(new IOException())).isEqualTo("IOException");
  }
}
