// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

/** Writes an initializer as it stands in a model file: {@code he}, {@code {gaussian: 0.01}}. */
final class InitializerTree implements Initializer.Visitor<JsonNode> {
  private static final InitializerTree INSTANCE = new InitializerTree();

  private InitializerTree() {}

  /** An initializer's node; {@link TreeFields#initializer} reads it. */
  static JsonNode of(Initializer initializer) {
    return initializer.accept(INSTANCE);
  }

  @Override
  public JsonNode visitConstant(Initializer.Constant initializer) {
    return JsonNodeFactory.instance.objectNode().put("constant", initializer.value());
  }

  @Override
  public JsonNode visitGaussian(Initializer.Gaussian initializer) {
    return JsonNodeFactory.instance.objectNode().put("gaussian", initializer.standardDeviation());
  }

  @Override
  public JsonNode visitRule(Initializer.Rule initializer) {
    return JsonNodeFactory.instance.textNode(initializer.text());
  }
}
