// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.sgd;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;

/** The numbers of a round that one worker, or the owner of a slice, has measured. */
public final class Measurements implements Serializable {
  private final double[] values = new double[Measure.values().length];

  /** The sum of some measurements. */
  public static Measurements sum(Collection<Measurements> all) {
    Measurements sum = new Measurements();
    for (Measure measure : Measure.values()) {
      sum.add(measure, all.stream().mapToDouble(each -> each.get(measure)).sum());
    }
    return sum;
  }

  /** A number; 0 if it was not measured. */
  public double get(Measure measure) {
    return values[measure.index()];
  }

  /** A number that is whole; exact below 2^53. */
  public long count(Measure measure) {
    return (long) get(measure);
  }

  /** Adds to a number. */
  public Measurements add(Measure measure, double value) {
    values[measure.index()] += value;
    return this;
  }

  /** Adds to a number that is whole. */
  public Measurements add(Measure measure, long value) {
    return add(measure, (double) value);
  }

  /** These numbers and others. */
  public Measurements plus(Measurements other) {
    Measurements sum = new Measurements();
    for (int i = 0; i < values.length; i++) {
      sum.values[i] = values[i] + other.values[i];
    }
    return sum;
  }

  /** All numbers, for where objects of this class cannot go. */
  public List<Double> numbers() {
    return Arrays.stream(values).boxed().toList();
  }

  /** Takes the numbers that {@link #numbers} has written. */
  public static Measurements read(Iterator<Double> numbers) {
    Measurements read = new Measurements();
    for (int i = 0; i < read.values.length; i++) {
      read.values[i] = numbers.next();
    }
    return read;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Measurements same && Arrays.equals(values, same.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return Arrays.toString(values);
  }
}
