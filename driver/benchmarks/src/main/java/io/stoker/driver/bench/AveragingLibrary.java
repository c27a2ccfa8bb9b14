// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.base.library.ProgramLoader;
import io.stoker.data.batch.BatchReader;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.failure.ResourceException;
import io.stoker.models.spec.ModelSpec;
import java.util.ServiceLoader;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Another library that trains on Spark by averaging parameters, as a baseline of the benchmarks. A
 * module of its own implements it, names the class in {@code
 * META-INF/services/io.stoker.driver.bench.AveragingLibrary}, and is on the class path or in {@code
 * --jars}.
 */
public interface AveragingLibrary {
  /** What it is called on the command line: {@code --baseline NAME}. */
  String name();

  /**
   * Prepares rounds in which workers compute next to nothing.
   *
   * @param spark the cluster
   * @param parameters how many, about
   * @param workers how many
   */
  Averaging averaging(JavaSparkContext spark, int parameters, int workers);

  /**
   * Prepares the training of a model from the first parameters that Stoker gives it.
   *
   * @param spark the cluster
   * @param model what is trained
   * @param recipe workers, batch, local steps, learning rate, momentum, weight decay and seed
   */
  Training training(JavaSparkContext spark, ModelSpec model, TrainingConfig recipe);

  /** Rounds in which workers compute next to nothing. */
  interface Averaging {
    /** How many parameters the library really averages. */
    int parameters();

    /** Trains and averages once. */
    void round();

    /** The seconds of a round that are a worker's own step, and not averaging. */
    double stepSeconds();
  }

  /** A model in training. */
  interface Training {
    /**
     * Takes the images into the memory of the cluster.
     *
     * @param batches each of a worker and step
     * @param portion how many batches {@link #fit} trains on at a time
     */
    void load(BatchReader batches, int portion);

    /** How many portions the images are. */
    int portions();

    /**
     * Trains on one portion.
     *
     * @param portion 0 to below {@link #portions()}
     * @return how many images it has
     */
    long fit(int portion);

    /** The parameters now, in the model's canonical order. */
    float[] parameters();
  }

  /**
   * The library of that name.
   *
   * @throws ResourceException if it is not on the class path
   */
  static AveragingLibrary named(String name) {
    return ServiceLoader.load(AveragingLibrary.class, ProgramLoader.now()).stream()
        .map(ServiceLoader.Provider::get)
        .filter(library -> library.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new ResourceException(
                    "Cannot measure baseline %s: it is not on the class path; run the stoker.jar of the distribution, or add the baseline's jar with --jars"
                        .formatted(name)));
  }
}
