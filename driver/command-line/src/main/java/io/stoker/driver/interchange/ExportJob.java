// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.interchange;

import io.stoker.data.storage.OutputFile;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.VectorSource;
import io.stoker.models.interchange.MappedTensor;
import io.stoker.models.interchange.ModelTensors;
import io.stoker.models.interchange.PortableMetadata;
import io.stoker.models.onnx.OnnxOptions;
import io.stoker.models.onnx.OnnxWriter;
import io.stoker.models.safetensors.SafetensorsWriter;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/** Writes trained models in formats of other programs. */
public final class ExportJob {
  private ExportJob() {}

  /**
   * Writes a model as ONNX.
   *
   * @param model a model that was opened
   * @param options how it is written
   * @param version the version of this program
   * @param output takes the file
   * @param hadoop how to reach the model
   * @throws io.stoker.failure.StokerException if it cannot be exported
   */
  public static void onnx(
      StoredModel model,
      OnnxOptions options,
      String version,
      OutputFile output,
      Configuration hadoop) {
    model.requireFinite();
    OnnxWriter writer =
        OnnxWriter.of(
            model.metadata(),
            model.parametersSha256(),
            version,
            options,
            model.temperature().value());
    VectorSource parameters = model.parameterSource(hadoop);
    output.write(stream -> writer.write(parameters, stream));
  }

  /**
   * Writes a model's parameters as safetensors.
   *
   * @return the names of the tensors
   * @throws io.stoker.failure.StokerException if it cannot be exported
   */
  public static List<String> safetensors(
      StoredModel model, OutputFile output, Configuration hadoop) {
    model.requireFinite();
    ModelMetadata metadata = model.metadata();
    List<MappedTensor> tensors = ModelTensors.of(metadata.model());
    Map<String, String> text =
        new TreeMap<>(
            PortableMetadata.of(metadata, model.parametersSha256(), model.temperature().value()));
    text.put("format", "pt"); // what Hugging Face's libraries ask for
    VectorSource parameters = model.parameterSource(hadoop);
    output.write(stream -> SafetensorsWriter.write(tensors, parameters, text, stream));
    return tensors.stream().map(MappedTensor::name).toList();
  }
}
