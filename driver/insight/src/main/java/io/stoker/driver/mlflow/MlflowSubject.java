// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import java.util.Map;
import java.util.Optional;

/** What an MLflow run shows: a training job or a study. */
interface MlflowSubject {
  /** The name of the run. */
  String name();

  /** The program that made it. */
  String source();

  /** The id of the MLflow run that this one is below, if there is one. */
  Optional<String> parent();

  /** What decides its result, by name. */
  Map<String, String> params();

  /** What else is known of it when it begins. */
  Map<String, String> tags();

  /** Its page when it is complete, if there is one. */
  Optional<byte[]> report();
}
