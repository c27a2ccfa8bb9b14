// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.base.Sha256;
import io.stoker.data.frame.FrameColumns;
import io.stoker.data.source.SourceImage;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;

/**
 * What is known of a data frame's rows after one pass over them. Mergeable in any order: the
 * fingerprint is a sum of the rows' hashes, and the same for the same rows in any partitions.
 */
final class FrameSummary implements Serializable {
  private static final long serialVersionUID = 1L;

  /** More names than this are no classes; the pass does not keep them. */
  static final int MOST_CLASSES = 1_000_000;

  private final long[] sums = new long[Sha256.BYTES / Long.BYTES];
  private final TreeSet<String> texts = new TreeSet<>();
  private long rows;
  private long unmarked;
  private long forValidation;
  private long numbers;
  private double smallest = Double.POSITIVE_INFINITY;
  private double largest = Double.NEGATIVE_INFINITY;
  private String noClass = "";

  /**
   * Adds a row.
   *
   * @param row of the bound columns
   * @param label its label; null or NaN for none
   * @param columns which of its columns are what
   * @param hadoop how to reach files
   */
  FrameSummary add(Row row, Object label, FrameColumns.Bound columns, Configuration hadoop) {
    rows++;
    String split = columns.split(row);
    if (split.isEmpty()) {
      unmarked++;
    } else if (split.equals(TrainingParams.VALIDATION)) {
      forValidation++;
    }
    if (label instanceof Number number) {
      add(number.doubleValue());
    } else if (label != null && !label.toString().isBlank() && texts.size() <= MOST_CLASSES) {
      texts.add(label.toString());
    }
    ByteBuffer hash = ByteBuffer.wrap(hash(row, label, split, columns, hadoop));
    for (int i = 0; i < sums.length; i++) {
      sums[i] += hash.getLong();
    }
    return this;
  }

  private void add(double number) {
    if (Double.isNaN(number)) { // No label, as null.
      return;
    }
    numbers++;
    if (number < 0 || number != Math.rint(number) || Double.isInfinite(number)) {
      noClass = Double.toString(number);
      return;
    }
    smallest = Math.min(smallest, number);
    largest = Math.max(largest, number);
  }

  private static byte[] hash(
      Row row, Object label, String split, FrameColumns.Bound columns, Configuration hadoop) {
    MessageDigest digest = Sha256.digest();
    SourceImage image = columns.image(row, hadoop);
    if (image instanceof SourceImage.Encoded encoded) {
      add(digest, encoded.file());
    } else if (image instanceof SourceImage.Decoded decoded) {
      add(digest, text(decoded.pixels().shape()));
      add(digest, decoded.pixels().values());
    } else if (image instanceof SourceImage.Unreadable unreadable) {
      add(digest, text(unreadable.reason()));
    }
    add(digest, text(columns.path(row)));
    add(digest, text(label));
    add(digest, text(split));
    add(digest, text(columns.weight(row)));
    return digest.digest();
  }

  private static byte[] text(Object value) {
    return String.valueOf(value).getBytes(StandardCharsets.UTF_8);
  }

  /** With its length before it, so that no two values run into each other. */
  private static void add(MessageDigest digest, byte[] value) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(value.length).array());
    digest.update(value);
  }

  FrameSummary merge(FrameSummary other) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += other.sums[i];
    }
    texts.addAll(other.texts);
    rows += other.rows;
    unmarked += other.unmarked;
    forValidation += other.forValidation;
    numbers += other.numbers;
    smallest = Math.min(smallest, other.smallest);
    largest = Math.max(largest, other.largest);
    noClass = noClass.isEmpty() ? other.noClass : noClass;
    return this;
  }

  /** How many rows there are. */
  long rows() {
    return rows;
  }

  /** How many rows say neither that they are to train on nor that they are to validate on. */
  long unmarked() {
    return unmarked;
  }

  /** How many rows are to validate on. */
  long forValidation() {
    return forValidation;
  }

  /** The labels that are texts. */
  SortedSet<String> texts() {
    return texts;
  }

  /** How many rows have a number for a label. */
  long numbers() {
    return numbers;
  }

  /** The smallest and the largest label that are numbers, if there are any. */
  double smallest() {
    return smallest;
  }

  double largest() {
    return largest;
  }

  /** A label that can be no class: a negative number, or no whole one; empty if there is none. */
  String noClass() {
    return noClass;
  }

  /** The identity of the rows, whatever their order: 64 hexadecimal digits. */
  String fingerprint() {
    ByteBuffer bytes = ByteBuffer.allocate(Sha256.BYTES);
    for (long sum : sums) {
      bytes.putLong(sum);
    }
    return Sha256.hex(bytes.array(), text(rows));
  }
}
