// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.Check;
import io.stoker.models.engine.Arithmetic;
import io.stoker.worker.eval.TestViews;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A trained model, and how its outputs are computed.
 *
 * @param checkpoint a checkpoint folder, a {@code model.zip} or a run folder
 * @param parameters which of its parameters are used
 * @param engine the engine's name or {@code auto}
 * @param testViews which views of an image the network is shown
 * @param arithmetic how the engine computes
 * @param size the height and width of the images that the network sees; 0 for those that it was
 *     trained on
 * @param exactPixels whether image files are decoded in full, even if those of the training were
 *     not
 */
public record Inference(
    String checkpoint,
    ParameterChoice parameters,
    String engine,
    TestViews testViews,
    Arithmetic arithmetic,
    int size,
    boolean exactPixels) {
  private static final Logger LOG = LoggerFactory.getLogger(Inference.class);

  public Inference {
    Check.input(size >= 0, "Invalid size: %d (must be >= 1, or 0 for that of the training)", size);
  }

  /** Shows the network the middle of each image, with the fastest algorithms in fp32. */
  public Inference(String checkpoint, String engine) {
    this(checkpoint, ParameterChoice.BEST, engine);
  }

  /** Shows the network the middle of each image, with the fastest algorithms in fp32. */
  public Inference(String checkpoint, ParameterChoice parameters, String engine) {
    this(checkpoint, parameters, engine, TestViews.NONE, Arithmetic.FASTEST_FP32, 0, false);
  }

  /** Uses the moving average of the model's parameters, where it has one. */
  public Inference(String checkpoint, String engine, TestViews testViews, Arithmetic arithmetic) {
    this(checkpoint, ParameterChoice.BEST, engine, testViews, arithmetic, 0, false);
  }

  /** The same with image files decoded in full, or as those of the training were. */
  public Inference withExactPixels(boolean exact) {
    return new Inference(checkpoint, parameters, engine, testViews, arithmetic, size, exact);
  }

  /** Opens the model. */
  public StoredModel open(Configuration hadoop) {
    StoredModel model = sized(ModelFiles.open(checkpoint, parameters, hadoop));
    return exactPixels ? model.withExactPixels() : model;
  }

  /**
   * Opens the model for its probabilities, and warns if its temperature is one of other views: what
   * is averaged over several views is less sure.
   */
  public StoredModel openToPredict(Configuration hadoop) {
    StoredModel model = open(hadoop);
    model
        .calibration()
        .filter(each -> each.hasFit() && !each.tta().equals(testViews.toString()))
        .ifPresent(
            each ->
                LOG.warn(
                    "The temperature of {} was fitted with --tta {}, and is used with --tta {}"
                        + " (calibrate with the same views, for probabilities that can be trusted)",
                    model.origin(),
                    each.tta(),
                    testViews));
    return model;
  }

  /** A model over images of the size that is asked for. */
  StoredModel sized(StoredModel model) {
    return size == 0 ? model : model.atSize(size);
  }
}
