package io.stoker.data.source;

import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.List;

/** The collections that Stoker knows. */
public final class ImageSources {
  private static final List<ImageSource> ALL =
      List.of(
          new FolderSource(), new IdxSource(), new CifarSource(), new TarSource(), new CsvSource());

  private ImageSources() {}

  /** Their names. */
  public static List<String> names() {
    return ALL.stream().map(ImageSource::name).toList();
  }

  /**
   * A source by name.
   *
   * @throws InputException if there is none of this name
   */
  public static ImageSource named(String name) {
    return ALL.stream()
        .filter(source -> source.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new InputException(
                    "Unknown format: '" + name + "'; " + Suggestion.among(name, names())));
  }
}
