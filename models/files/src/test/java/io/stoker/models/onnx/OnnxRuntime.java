// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.stoker.models.interchange.TrainedModel;
import io.stoker.models.spec.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Map;

/** Exports models, and computes what was exported with ONNX Runtime. */
public final class OnnxRuntime {
  private OnnxRuntime() {}

  public static byte[] export(TrainedModel trained, OnnxOptions options) throws IOException {
    return export(trained, options, 1);
  }

  static byte[] export(TrainedModel trained, OnnxOptions options, double temperature)
      throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    OnnxWriter.of(trained.metadata(), "f".repeat(64), "1", options, temperature)
        .write(trained.source(), stream);
    return stream.toByteArray();
  }

  /** Graphs that are refused are no news. */
  private static OrtSession.SessionOptions quiet() throws OrtException {
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    return options;
  }

  /** The first output of a model whose input has the default name. */
  public static float[] run(byte[] file, float[] images, Shape shape) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    long examples = images.length / shape.features();
    long[] sizes = {examples, shape.channels(), shape.height(), shape.width()};
    try (OrtSession.SessionOptions options = quiet();
        OrtSession session = environment.createSession(file, options);
        OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(images), sizes);
        OrtSession.Result result = session.run(Map.of(OnnxOptions.DEFAULT_INPUT, input))) {
      OnnxTensor output = (OnnxTensor) result.get(0);
      float[] values = new float[output.getFloatBuffer().remaining()];
      output.getFloatBuffer().get(values);
      return values;
    }
  }
}
