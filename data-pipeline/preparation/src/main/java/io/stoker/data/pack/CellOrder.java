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
    if (!samples.hasNext() && next != null) {
      samples = sorted().iterator();
    }
    return samples.hasNext();
  }

  private List<PackedSample> sorted() {
    int cell = next._1();
    List<PackedSample> ofCell = new ArrayList<>();
    while (next != null && next._1() == cell) {
      PackedBlock part = next._2();
      for (int row = 0; row < part.rows(); row++) {
        ofCell.add(part.sample(row));
      }
      advance();
    }
    ofCell.sort(new PackedSample.ShardOrder());
    return ofCell;
  }

  @Override
  public PackedSample next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return samples.next();
  }
}
