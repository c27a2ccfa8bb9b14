// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.shard.DuplicateCounts;
import io.stoker.data.shard.DuplicateInput;
import io.stoker.data.shard.RejectedInput;
import io.stoker.data.source.SourceListing;
import io.stoker.data.source.SplitNames;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Judges what the pass over the images found, before anything is written.
 *
 * @param options of the job
 * @param listing of the input
 * @param splitNames of the job
 */
record PackReport(PrepareOptions options, SourceListing listing, List<String> splitNames) {
  private static final Logger LOG = LoggerFactory.getLogger(PackReport.class);
  private static final int EXAMPLES = 5;

  /** The rejected inputs by path: those of the listing, and those of the tasks. */
  List<RejectedInput> rejected(PackStatistics statistics) {
    return Stream.concat(
            statistics.rejected().stream(),
            listing.rejected().stream()
                .map(input -> new RejectedInput(input.path(), input.reason())))
        .sorted(Comparator.comparing(RejectedInput::path).thenComparing(RejectedInput::reason))
        .toList();
  }

  /** The samples that are copies of others, by path. */
  List<DuplicateInput> duplicates(PackStatistics statistics) {
    return statistics.copies().stream()
        .map(
            copy ->
                new DuplicateInput(
                    copy.sample().path(),
                    splitNames.get(copy.sample().split()),
                    listing.classNames().get(copy.sample().label()),
                    copy.original().path(),
                    splitNames.get(copy.original().split()),
                    listing.classNames().get(copy.original().label())))
        .sorted(Comparator.comparing(DuplicateInput::path))
        .toList();
  }

  /** Counts the samples that are copies of others, and warns of them. */
  DuplicateCounts count(List<DuplicateInput> duplicates) {
    boolean dropped = options.duplicates() == PrepareOptions.Duplicates.DROP;
    List<DuplicateInput> acrossSplits =
        duplicates.stream().filter(copy -> !copy.split().equals(copy.copyOfSplit())).toList();
    List<DuplicateInput> acrossClasses =
        duplicates.stream().filter(copy -> !copy.className().equals(copy.copyOfClass())).toList();
    String remedy = dropped ? "dropped" : "--drop-duplicates drops them";
    warn("{} images are copies of others ({}; listed in duplicates.jsonl): {}", duplicates, remedy);
    warn("{} of the copies are in another split ({}): {}", acrossSplits, remedy);
    warn("{} of the copies have another label ({}): {}", acrossClasses, "look at them");
    return new DuplicateCounts(
        duplicates.size(),
        acrossSplits.size(),
        acrossClasses.size(),
        dropped ? duplicates.size() : 0);
  }

  private static void warn(String text, List<DuplicateInput> copies, String remedy) {
    if (!copies.isEmpty()) {
      String examples =
          copies.stream()
              .limit(EXAMPLES)
              .map(copy -> copy.path() + " = " + copy.copyOf())
              .collect(Collectors.joining(", "));
      LOG.warn(text, copies.size(), remedy, examples);
    }
  }

  /**
   * Checks that the images make a data set, and warns of what a user would want to know.
   *
   * @throws InputException if they do not
   */
  void check(PackStatistics statistics) {
    checkComplete(statistics);
    checkRejected(statistics);
    Check.input(statistics.shapes().isPresent(), "Input %s has no images", options.inputName());
    Check.input(
        statistics.samples(splitNames.indexOf("train")) > 0,
        "No samples in split 'train' of %s (more images, or another --split)",
        options.inputName());
    warnOfEmptyClasses(statistics);
    warnOfSimilarNames();
    if (!listing.ignored().isEmpty()) {
      LOG.warn(
          "Ignored what is not an image by name, is hidden or is not a file ({} in all, listed in"
              + " the manifest): {}",
          listing.ignored().size(),
          listing.ignored().stream().limit(EXAMPLES).collect(Collectors.joining(", ")));
    }
  }

  /** Each sample of the listing must have been read or rejected: nothing is lost in silence. */
  private void checkComplete(PackStatistics statistics) {
    long read = read(statistics) + statistics.rejected().size();
    listing
        .samples()
        .ifPresent(
            listed ->
                Check.input(
                    read == listed,
                    "Input %s changed while it was read: %d images were listed, %d read or rejected"
                        + " (prepare it again)",
                    options.inputName(),
                    listed,
                    read));
  }

  /** How many images were read, those included that are left out as duplicates. */
  private long read(PackStatistics statistics) {
    long read =
        options.duplicates() == PrepareOptions.Duplicates.DROP ? statistics.copies().size() : 0;
    for (int split = 0; split < splitNames.size(); split++) {
      read += statistics.samples(split);
    }
    return read;
  }

  private void checkRejected(PackStatistics statistics) {
    List<RejectedInput> rejected = rejected(statistics);
    if (rejected.isEmpty()) {
      return;
    }
    long all = read(statistics) + rejected.size();
    String examples =
        rejected.stream()
            .limit(EXAMPLES)
            .map(input -> input.path() + " (" + input.reason() + ")")
            .collect(Collectors.joining(", "));
    Check.input(
        (double) rejected.size() / all <= options.maximumRejected(),
        "%d of %d images are rejected, more than --max-rejected allows (%s): %s%s",
        rejected.size(),
        all,
        options.maximumRejected(),
        examples,
        rejected.size() > EXAMPLES ? ", ..." : "");
    LOG.warn("{} of {} images are rejected: {}", rejected.size(), all, examples);
  }

  private void warnOfEmptyClasses(PackStatistics statistics) {
    for (int split = 0; split < splitNames.size(); split++) {
      long[] counts = statistics.samplesPerClass(split);
      List<String> empty =
          IntStream.range(0, counts.length)
              .filter(label -> counts[label] == 0)
              .mapToObj(label -> "'" + listing.classNames().get(label) + "'")
              .toList();
      if (!empty.isEmpty()) {
        LOG.warn(
            "{} of {} classes have no samples in split '{}': {}{}",
            empty.size(),
            counts.length,
            splitNames.get(split),
            String.join(", ", empty.subList(0, Math.min(EXAMPLES, empty.size()))),
            empty.size() > EXAMPLES ? ", ..." : "");
      }
    }
  }

  private void warnOfSimilarNames() {
    for (String split : splitNames) {
      SplitNames.meant(split)
          .ifPresent(
              usual ->
                  LOG.warn(
                      "Split '{}' is none of {}: did you mean '{}'?",
                      split,
                      SplitNames.USUAL,
                      usual));
    }
    Map<String, String> seen = new HashMap<>();
    for (String name : listing.classNames()) {
      String other = seen.put(name.toLowerCase(Locale.ROOT), name);
      if (other != null) {
        LOG.warn("Two classes differ by case alone: '{}' and '{}'", other, name);
      }
    }
  }
}
