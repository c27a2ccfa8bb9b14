// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import io.stoker.data.augment.Views;
import io.stoker.data.batch.Normalization;
import io.stoker.data.frame.ImageColumn;
import io.stoker.data.image.Decoding;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.driver.evaluate.TrainedNetwork;
import io.stoker.worker.eval.Temperature;
import io.stoker.worker.eval.TestViews;
import io.stoker.worker.runtime.Replica;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.TaskCompletionListener;
import org.apache.spark.util.TaskFailureListener;

/**
 * The rows of a partition with what the network says of them, a batch at a time. It has a replica
 * from its first row to its last, or to the end of its task.
 */
final class ScoredRows implements Iterator<Row> {
  private final Iterator<Row> rows;
  private final Replica replica;
  private final ImageColumn column;
  private final ScoreColumns columns;
  private final TestViews testViews;
  private final Decoding decoding;
  private final ImageShape shape;
  private final Views views;
  private final Normalization normalization;
  private final Configuration hadoop;
  private final Temperature temperature;
  private final int classes;
  private final float[] images;
  private final float[] probabilities;
  private final Deque<Row> scored = new ArrayDeque<>();

  ScoredRows(
      Iterator<Row> rows,
      TrainedNetwork network,
      ImageColumn column,
      ScoreColumns columns,
      TestViews testViews,
      Configuration hadoop)
      throws IOException {
    this.rows = rows;
    this.column = column;
    this.columns = columns;
    this.testViews = testViews;
    this.decoding = network.decoding();
    this.shape = network.images();
    this.views = testViews.of(shape, network.input());
    this.normalization = network.normalization();
    this.hadoop = hadoop;
    this.temperature = network.temperature();
    this.classes = network.model().classes();
    this.images = new float[Math.multiplyExact(network.batch(), network.input().bytes())];
    this.probabilities = new float[network.batch() * classes];
    this.replica = network.borrow(hadoop);
    TaskContext task = TaskContext.get();
    task.addTaskFailureListener((TaskFailureListener) (ended, failure) -> replica.discard());
    task.addTaskCompletionListener((TaskCompletionListener) ended -> replica.close());
  }

  @Override
  public boolean hasNext() {
    if (scored.isEmpty() && rows.hasNext()) {
      scoreBatch();
      if (!rows.hasNext()) {
        replica.close();
      }
    }
    return !scored.isEmpty();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return scored.remove();
  }

  private void scoreBatch() {
    int capacity = replica.network().batchCapacity() / testViews.count();
    List<Row> batch = new ArrayList<>(capacity);
    List<Optional<String>> failures = new ArrayList<>(capacity);
    int filled = 0;
    while (filled < capacity && batch.size() < capacity && rows.hasNext()) {
      Row row = rows.next();
      batch.add(row);
      try {
        Pixels pixels = column.read(row, hadoop, shape, decoding);
        normalization.apply(
            pixels.values(), views, images, filled * views.count() * views.input().bytes());
        failures.add(Optional.empty());
        filled++;
      } catch (UnreadableImageException e) {
        failures.add(Optional.of(e.getMessage()));
      }
    }
    if (filled > 0) {
      replica.network().predict(images, filled * views.count(), probabilities);
      testViews.average(probabilities, filled, classes);
      temperature.apply(probabilities, filled, classes);
    }
    int example = 0;
    for (int i = 0; i < batch.size(); i++) {
      Object[] values =
          failures.get(i).isPresent()
              ? columns.unreadable(failures.get(i).get())
              : columns.values(probabilities, example++ * classes);
      scored.add(joined(batch.get(i), values));
    }
  }

  private static Row joined(Row row, Object[] added) {
    Object[] values = new Object[row.size() + added.length];
    for (int i = 0; i < row.size(); i++) {
      values[i] = row.get(i);
    }
    System.arraycopy(added, 0, values, row.size(), added.length);
    return RowFactory.create(values);
  }
}
