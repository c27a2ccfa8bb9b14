package io.stoker.data.source;

import io.stoker.failure.Check;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a collection holds: an account of everything that was found there.
 *
 * @param classNames its classes; a label is an index into them
 * @param parts all its samples
 * @param samples how many samples the parts have together, if the source knows it: the job makes
 *     sure that it reads as many
 * @param rejected images that cannot even be opened
 * @param ignored what is not an image, relative to the input
 */
public record SourceListing(
    List<String> classNames,
    List<SourcePart> parts,
    OptionalLong samples,
    List<Rejected> rejected,
    List<String> ignored) {
  /** The longest name that a folder on a Unix disk can have. */
  static final int LONGEST_NAME = 255;

  /**
   * An image that cannot be opened.
   *
   * @param path where it is, relative to the input
   * @param reason why it cannot be opened
   */
  public record Rejected(String path, String reason) {}

  public SourceListing {
    classNames = List.copyOf(classNames);
    parts = List.copyOf(parts);
    rejected = List.copyOf(rejected);
    ignored = List.copyOf(ignored);
    Check.input(
        classNames.size() >= 2,
        "Found %d class%s %s; there must be at least 2 to learn to tell apart",
        classNames.size(),
        classNames.size() == 1 ? "" : "es",
        classNames.stream().map(Inputs::shown).toList());
    for (String name : classNames) {
      checkName(name);
    }
    Check.input(
        new HashSet<>(classNames).size() == classNames.size(),
        "A class name appears twice: %s",
        classNames.stream().map(Inputs::shown).toList());
    long withSplit = parts.stream().filter(part -> part.split().isPresent()).count();
    Check.input(
        withSplit == 0 || withSplit == parts.size(),
        "Some of the samples are in a split (such as train), others in none");
  }

  /**
   * A listing of a source that does not count its samples.
   *
   * @param classNames its classes; a label is an index into them
   * @param parts all its samples
   * @param ignored what is not an image, relative to the input
   */
  public SourceListing(List<String> classNames, List<SourcePart> parts, List<String> ignored) {
    this(classNames, parts, OptionalLong.empty(), List.of(), ignored);
  }

  /**
   * Makes sure that text can be the name of a class.
   *
   * @throws io.stoker.failure.InputException if it is blank, longer than 255 characters, or holds
   *     half of a character
   */
  static void checkName(String name) {
    Check.input(!name.isBlank(), "Invalid class name: '%s' (must not be blank)", name);
    Check.input(
        name.length() <= LONGEST_NAME,
        "Invalid class name: '%s...' has %d characters (must be at most %d)",
        Inputs.shown(name.substring(0, Math.min(name.length(), 40))),
        name.length(),
        LONGEST_NAME);
    Check.input(
        name.codePoints().noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE),
        "Invalid class name: '%s' (it is not valid Unicode)",
        Inputs.shown(name));
  }
}
