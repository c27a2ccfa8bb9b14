// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import scala.Tuple2;

/**
 * The samples of a shard in {@link PackedSample.ShardOrder}. The shard arrives in cells, one after
 * the other: it holds the images of one cell at a time, and sorts them.
 */
final class CellOrder implements Iterator<PackedSample> {
  private final Iterator<Tuple2<Integer, PackedBlock>> parts;
  private Tuple2<Integer, PackedBlock> next;
  private SortedRows rows = SortedRows.of(List.of(), PackedBlock::order);
  private int row;
  private Iterator<PackedSample> samples = Collections.emptyIterator();

  /**
   * @param parts by cell, those of one cell in any order
   */
  CellOrder(Iterator<Tuple2<Integer, PackedBlock>> parts) {
    this.parts = parts;
    advance();
  }

  private void advance() {
    next = parts.hasNext() ? parts.next() : null;
  }

  @Override
  public boolean hasNext() {
    if (!samples.hasNext()) {
      if (row == rows.size() && next != null) {
        rows = SortedRows.of(nextCell(), PackedBlock::order);
        row = 0;
      }
      if (row < rows.size()) {
        samples = nextPlace().iterator();
      }
    }
    return samples.hasNext();
  }

  private List<PackedBlock> nextCell() {
    int cell = next._1();
    List<PackedBlock> parts = new ArrayList<>();
    while (next != null && next._1() == cell) {
      parts.add(next._2());
      advance();
    }
    return parts;
  }

  /** The next sample, and those whose places begin alike. */
  private List<PackedSample> nextPlace() {
    int end = rows.endOfEqual(row);
    List<PackedSample> place = rows.list(row, end, PackedBlock::sample);
    place.sort(new PackedSample.ShardOrder());
    row = end;
    return place;
  }

  @Override
  public PackedSample next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return samples.next();
  }
}
