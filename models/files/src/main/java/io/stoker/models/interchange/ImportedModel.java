// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import io.stoker.models.file.VectorSource;
import io.stoker.models.spec.ModelSpec;

/**
 * A model that was read from another format.
 *
 * @param model the layers
 * @param parameters the canonical vector
 * @param metadata what else the file says
 */
public record ImportedModel(ModelSpec model, VectorSource parameters, PortableMetadata metadata) {}
