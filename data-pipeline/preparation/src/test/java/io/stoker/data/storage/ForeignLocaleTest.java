// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.source.ImageSources;
import io.stoker.data.source.SourceListing;
import io.stoker.data.source.SourcePart;
import io.stoker.failure.StokerException;
import io.stoker.testing.OtherProcess;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names outside of ASCII in a process whose locale is not UTF-8, as cron and ssh start them. */
@Tag("slow")
class ForeignLocaleTest {
  @TempDir private Path folder;

  /** What the other process runs: it lists a folder and opens all its files. */
  public static final class Lister {
    private Lister() {}

    /**
     * Lists an input.
     *
     * @param arguments the format and the input
     */
    public static void main(String[] arguments) throws IOException {
      PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
      try {
        Configuration hadoop = new Configuration();
        SourceListing listing =
            ImageSources.named(arguments[0])
                .list(new org.apache.hadoop.fs.Path(arguments[1]), hadoop);
        for (SourcePart part : listing.parts()) {
          part.samples(hadoop).forEach(sample -> out.println(sample.image()));
        }
        out.println(listing.classNames());
      } catch (StokerException e) {
        out.println(e.exitCode() + " " + e.getMessage());
      }
    }
  }

  private static String lastLine(String locale, String format, Path input) throws Exception {
    List<String> lines =
        OtherProcess.output(
                Lister.class,
                List.of("-Xmx256m"),
                Map.of("LC_ALL", locale),
                format,
                input.toString())
            .lines()
            .toList();
    return lines.get(lines.size() - 1);
  }

  private void writeClasses() throws IOException {
    for (String name : List.of("ant", "bee", "Äpfel")) {
      Files.createDirectory(folder.resolve(name));
      Files.write(folder.resolve(name).resolve("1.png"), new byte[1]);
    }
  }

  @Test
  void endsWithOneLineInsteadOfLosingAClass() throws Exception {
    writeClasses();
    assertThat(lastLine("C", "folder", folder))
        .startsWith("4 Cannot read the name of ")
        .contains("start it with a UTF-8 locale, such as LC_ALL=C.UTF-8");
    assertThat(lastLine("C.UTF-8", "folder", folder)).isEqualTo("[ant, bee, Äpfel]");
  }

  @Test
  void endsWithOneLineInsteadOfLosingListedFiles() throws Exception {
    writeClasses();
    Files.writeString(folder.resolve("list.csv"), "path,label\nant/1.png,ant\nÄpfel/1.png,Äpfel\n");
    assertThat(lastLine("C", "csv", folder.resolve("list.csv")))
        .startsWith("4 Cannot read the name of ");
  }
}
