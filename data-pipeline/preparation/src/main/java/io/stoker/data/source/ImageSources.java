// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/**
 * The collections that Stoker knows: its own, and those that jars on the class path announce to
 * {@link ServiceLoader}.
 */
public final class ImageSources {
  private static final List<ImageSource> OWN =
      List.of(
          new FolderSource(), new IdxSource(), new CifarSource(), new TarSource(), new CsvSource());

  /** The format of Parquet tables, which are read as rows and not by a source. */
  public static final String PARQUET = "parquet";

  /** The format of tables that Spark SQL reads. */
  public static final String TABLE = "table";

  private ImageSources() {}

  /** What {@code --format} takes: the names of all sources, and the formats of tables. */
  public static List<String> names() {
    return Stream.concat(all().map(ImageSource::name), Stream.of(PARQUET, TABLE)).toList();
  }

  /**
   * A source by name.
   *
   * @throws InputException if there is none of this name, or if one that a jar announces cannot be
   *     loaded
   */
  public static ImageSource named(String name) {
    return all()
        .filter(source -> source.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "Unknown format: '" + name + "'; " + Suggestion.among(name, names())));
  }

  /** Stoker's own come first, so that another source cannot take their names. */
  private static Stream<ImageSource> all() {
    try {
      // Spark's class loader, which knows --jars, is that of the thread.
      List<ImageSource> others =
          ServiceLoader.load(ImageSource.class, Thread.currentThread().getContextClassLoader())
              .stream()
              .map(ServiceLoader.Provider::get)
              .toList();
      return Stream.concat(OWN.stream(), others.stream());
    } catch (ServiceConfigurationError e) {
      throw new InputException("Cannot load a source of images: " + e.getMessage(), e);
    }
  }
}
