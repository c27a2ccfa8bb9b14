// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.lang.reflect.Field;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pods of a job's executors, as the API server of Kubernetes describes them. They are read with
 * the client that Spark has made: it knows the credentials. Maven has no client of each Spark
 * version, so it is called by reflection.
 */
public final class KubernetesPods {
  private static final Logger LOG = LoggerFactory.getLogger(KubernetesPods.class);
  private static final String CLIENT = "io.fabric8.kubernetes.client.KubernetesClient";

  private KubernetesPods() {}

  /** Whether a master is the API server of Kubernetes. */
  public static boolean isKubernetes(String master) {
    return master.startsWith("k8s://");
  }

  /**
   * The list of pods, in the API's format; empty if the cluster is another one or the list cannot
   * be read.
   */
  public static Optional<JsonNode> ofExecutors(JavaSparkContext spark) {
    SparkContext context = spark.sc();
    if (context.isStopped() || !isKubernetes(spark.master())) {
      return Optional.empty();
    }
    String namespace = spark.getConf().get("spark.kubernetes.namespace", "default");
    String labels = "spark-app-selector=%s,spark-role=executor".formatted(context.applicationId());
    String path =
        "/api/v1/namespaces/%s/pods?labelSelector=%s"
            .formatted(namespace, URLEncoder.encode(labels, StandardCharsets.UTF_8));
    try {
      Object text =
          Class.forName(CLIENT, true, Thread.currentThread().getContextClassLoader())
              .getMethod("raw", String.class)
              .invoke(client(context.schedulerBackend()), path);
      return text == null
          ? Optional.empty()
          : Optional.of(new ObjectMapper().readTree(text.toString()));
    } catch (ReflectiveOperationException | JsonProcessingException e) {
      LOG.debug("Cannot list the pods of executors", e);
      return Optional.empty();
    }
  }

  private static Object client(Object backend) throws ReflectiveOperationException {
    for (Field field : backend.getClass().getDeclaredFields()) {
      if (field.getType().getName().equals(CLIENT)) {
        field.setAccessible(true);
        return field.get(backend);
      }
    }
    throw new NoSuchFieldException(CLIENT);
  }
}
