// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toSet;

import io.stoker.failure.Check;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

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
    ClassNames.check(classNames);
    Set<Optional<String>> splits = parts.stream().map(SourcePart::split).collect(toSet());
    Check.input(
        splits.size() <= 1 || !splits.contains(Optional.empty()),
        "Some of the samples are in a split (%s), others in none: name one for all, or for none",
        splits.stream().flatMap(Optional::stream).sorted().collect(joining(", ")));
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
}
