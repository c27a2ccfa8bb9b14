// SPDX-License-Identifier: Apache-2.0
package io.stoker.base.library;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.testing.OtherProcess;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
  private static final String PACKAGES = "org/lib";

  @TempDir private Path folder;
  private Path jar;
  private Path cache;
  private Path library;

  @BeforeEach
  void unpack() throws IOException {
    jar = folder.resolve("lib.jar");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new JarEntry("org/lib/linux/libone.so"));
      out.write("the library".getBytes(StandardCharsets.UTF_8));
    }
    cache = Files.createDirectory(folder.resolve("cache"));
    library = cache.resolve("lib.jar/org/lib/linux/libone.so");
    Files.createDirectories(library.getParent());
    Files.writeString(library, "the library");
  }

  @Test
  void keepsWhatIsTheJars() throws IOException {
    Path link = Files.createSymbolicLink(library.resolveSibling("liblink.so"), library);

    verify();

    assertThat(library).hasContent("the library");
    assertThat(link).isSymbolicLink();
  }

  @Test
  void aLibraryOfThisMachineThatDoesNotLoadIsNotOfAnother() {
    NativeLibraries.useAPrivateFolder();

    assertThat(NativeLibraries.whyNotLoaded("amd64"))
        .startsWith("its native libraries do not load from /")
        .contains("ulimit -f");
    assertThat(NativeLibraries.whyNotLoaded("aarch64")).endsWith("for another machine");
  }

  @Test
  void keepsALibraryThatWasUnpackedUnderAnotherName() throws IOException {
    Path renamed = Files.writeString(library.resolveSibling("libtwo.so"), "the library");

    verify();

    assertThat(renamed).exists();
  }

  @Test
  void deletesALibraryOfTheSameSizeAndDateThatIsNotTheJars() throws IOException {
    FileTime date = Files.getLastModifiedTime(library);
    Files.writeString(library, "THE LIBRARY");
    Files.setLastModifiedTime(library, date);

    verify();

    assertThat(library).doesNotExist();
  }

  @Test
  void deletesAnotherLibraryThatTheLinkerWouldFindThere() throws IOException {
    Path planted = Files.writeString(library.resolveSibling("libm.so.6"), "planted");
    Path link = Files.createSymbolicLink(library.resolveSibling("libc.so.6"), folder.resolve("x"));

    verify();

    assertThat(planted).doesNotExist();
    assertThat(Files.isSymbolicLink(link)).isFalse();
    assertThat(library).exists();
  }

  @Test
  void leavesAloneWhatIsOfAJarOfOtherPrograms() throws IOException {
    Path other = cache.resolve("other.jar/org/lib/linux/libother.so");
    Files.createDirectories(other.getParent());
    Files.writeString(other, "another program's");

    verify();

    assertThat(other).exists();
  }

  /** The trap is where JavaCPP would look by itself. */
  @Test
  void anEngineStartsWithoutAHomeAndLoadsNothingThatOthersHavePrepared() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    Files.setAttribute(temporary, "unix:mode", 01777);
    Path trap = temporary.resolve(".javacpp-" + System.getProperty("user.name")).resolve("cache");
    Files.createDirectories(trap);

    String output =
        OtherProcess.output(
            Loaded.class,
            List.of("-Duser.home=/nonexistent", "-Djava.io.tmpdir=" + temporary),
            Map.of());

    assertThat(output)
        .contains(temporary.resolve("stoker-native-" + System.getProperty("user.name")).toString());
    assertThat(trap).isEmptyDirectory();
  }

  /** Prints where the process has loaded oneDNN from. */
  static final class Loaded {
    private Loaded() {}

    public static void main(String[] arguments) throws IOException {
      if (!new OneDnnEngine().available()) {
        throw new IllegalStateException("oneDNN does not start");
      }
      try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
        maps.filter(line -> line.contains("dnnl")).forEach(System.out::println);
      }
    }
  }

  private void verify() throws IOException {
    try (URLClassLoader program =
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
      NativeLibraries.verify(cache, PACKAGES, program);
    }
  }
}
