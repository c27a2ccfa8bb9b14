// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.base.LittleEndian;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import org.apache.hadoop.conf.Configuration;

/**
 * A model's initial parameters, computed by the task that needs them. The updater state is zero.
 *
 * @param model the model
 * @param seed the job's root seed
 */
public record InitialValues(ModelSpec model, long seed) implements SliceSource {
  @Override
  public byte[] read(ParameterSlices slices, int slice, Configuration hadoop) {
    byte[] content = new byte[slices.bytes(slice)];
    new InitialParameters(model, seed)
        .fill(slices.offset(slice), LittleEndian.floats(content).limit(slices.length(slice)));
    return content;
  }
}
