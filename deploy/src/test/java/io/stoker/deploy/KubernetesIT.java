// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.deploy.KubernetesCluster.Answer;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/**
 * Training on Kubernetes: its real API server, scheduler and controller manager, with RBAC, and a
 * {@link PodRunner} in place of the kubelet. Run by {@code mvn -Pkubernetes verify}.
 */
@Exact
class KubernetesIT {
  private static final String NAMESPACE = "stoker";

  /** A namespace in which nothing may be created. */
  private static final String FULL = "full";

  private static final String IMAGE = "REGISTRY/stoker:0.1.0";
  private static final Path MANIFESTS = Stoker.checkout().resolve("deploy/kubernetes");
  private static final String EXECUTORS = "spark-role%3Dexecutor";
  private static final String DRIVER = "app%3Dstoker-driver";
  private static final int CORES = 32;
  private static final int EXECUTORS_OF_A_JOB = 2;

  /** Bad input is answered within this time, the start of Java and Spark included. */
  private static final Duration A_MINUTE = Duration.ofMinutes(1);

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String OPTIONS =
      "--model lenet5 --workers 8 --batch 8 --local-steps 4 --epochs 12 --checkpoint-every 2";

  @TempDir private static Path folder;
  private static KubernetesPrograms programs;
  private static KubernetesCluster cluster;
  private static PodRunner node;

  /** What all pods mount, at the same place as on this machine. */
  private static Path shared;

  /** The hash of the job on this machine alone. */
  private static String local;

  @BeforeAll
  static void startCluster() throws IOException {
    programs = KubernetesPrograms.get();
    shared = PodRunner.openFolder(folder.resolve("shared"));
    cluster = KubernetesCluster.start(folder.resolve("cluster"), programs.binaries());
    PodImage image =
        PodImage.of(IMAGE, programs.spark(), Files.createDirectories(folder.resolve("image")));
    node = PodRunner.start(cluster, image, folder.resolve("pods"), CORES);
    for (String namespace : List.of(NAMESPACE, FULL)) {
      cluster.createNamespace(namespace);
      cluster.apply(namespace, Files.readString(MANIFESTS.resolve("access.yaml")));
    }
    PodRunner.openFolder(shared.resolve("runs"));
    // A driver of this machine makes folders that belong to its user.
    Files.writeString(
        folder.resolve("executor.yaml"),
        "apiVersion: v1\nkind: Pod\nspec: {securityContext: {runAsUser: 0}}\n");
    stoker()
        .json("--master local[2] synth --output %s/mnist --count 750 --size 28".formatted(shared));
    local = stoker().hash("--master local[2] " + train("local"));
  }

  @AfterAll
  static void stopCluster() {
    if (node != null) {
      node.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  @AfterEach
  void awaitTheEndOfPods() {
    KubernetesCluster.await(
        "the end of the executors", () -> cluster.pods(NAMESPACE, EXECUTORS).isEmpty());
  }

  private static Stoker stoker() {
    return Stoker.in(folder).with("SPARK_HOME", programs.spark().toString());
  }

  /** The job of all tests, which writes a run. */
  private static String train(String run) {
    return "train --data %1$s/mnist --run %1$s/runs/%2$s %3$s".formatted(shared, run, OPTIONS);
  }

  private static Stream<String> mounted(String role) {
    String volume = "spark.kubernetes.%s.volumes.hostPath.shared.".formatted(role);
    return Stream.of(volume + "mount.path=" + shared, volume + "options.path=" + shared);
  }

  /** What the settings of a service account are called, see Spark's documentation. */
  private static Stream<String> account(String prefix, String account) {
    return Stream.of(
        prefix + ".oauthToken=" + cluster.token(NAMESPACE, account),
        prefix + ".caCertFile=" + cluster.certificates());
  }

  private static Stream<String> executors() {
    return Stream.of(
        "spark.kubernetes.namespace=" + NAMESPACE,
        "spark.kubernetes.container.image=" + IMAGE,
        "spark.executor.instances=" + EXECUTORS_OF_A_JOB,
        "spark.executor.cores=1",
        "spark.executor.memory=1g",
        "spark.executor.extraJavaOptions=" + Stoker.QUICK_JAVA);
  }

  /**
   * Starts a command whose driver is a process of this machine, with a service account's rights.
   */
  private static Started start(String account, String command, String... configuration) {
    Stream<String> driver =
        Stream.of(
            "spark.kubernetes.executor.podTemplateFile=" + folder.resolve("executor.yaml"),
            "spark.driver.host=127.0.0.1",
            "spark.driver.bindAddress=127.0.0.1");
    return submit(
        stoker(),
        "client",
        command,
        Stream.of(
                account("spark.kubernetes.authenticate", account),
                executors(),
                mounted("executor"),
                driver,
                Stream.of(configuration))
            .flatMap(settings -> settings));
  }

  private static Started submit(
      Stoker stoker, String mode, String command, Stream<String> configuration) {
    return stoker.start(
        Stream.of(
                Stream.of("--master", "k8s://" + cluster.url(), "--deploy-mode", mode),
                configuration.flatMap(setting -> Stream.of("--conf", setting)),
                Stream.of(command.split(" ", -1)))
            .flatMap(words -> words)
            .toArray(String[]::new));
  }

  private static void assertSameHash(Outcome outcome) {
    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertThat(outcome.json().get("parameters_sha256").asText()).isEqualTo(local);
  }

  /** The hash that the last checkpoint of a run records. */
  private static String hashOf(Path run) throws IOException {
    try (Stream<Path> checkpoints = Files.list(run.resolve("checkpoints"))) {
      Path last = checkpoints.sorted().reduce((one, other) -> other).orElseThrow();
      return JSON.readTree(last.resolve("manifest.json").toFile())
          .get("parameters_sha256")
          .asText();
    }
  }

  private static long rounds(Path run) throws IOException {
    return Files.readAllLines(run.resolve("metrics.jsonl")).size();
  }

  private static boolean isRunning(JsonNode pod) {
    return pod.at("/status/phase").asText().equals("Running");
  }

  @Test
  void aDriverOutsideOfTheClusterTrainsOnPods() {
    Outcome outcome = Stoker.finish(start("stoker", train("outside") + " --json"));

    assertSameHash(outcome);
    // Two slots for eight workers: Stoker's own warning, and none of Spark's.
    assertThat(outcome.err().lines().filter(line -> line.matches("[0-9:]+ (WARN|ERROR) .*")))
        .allMatch(line -> line.contains(" Preflight: "));
  }

  /** The job cannot go on until others are started in place of the first two. */
  @ParameterizedTest
  @ValueSource(ints = {0, 30})
  void podsThatAreDeletedAreReplaced(int graceSeconds) throws IOException {
    String run = "deleted-" + graceSeconds;
    Started training = start("stoker", train(run) + " --json", "spark.decommission.enabled=true");
    Stoker.awaitLine(shared.resolve("runs").resolve(run).resolve("metrics.jsonl"), "\n");
    for (JsonNode pod : cluster.pods(NAMESPACE, EXECUTORS)) {
      cluster.deletePod(pod, graceSeconds);
    }
    KubernetesCluster.await(
        "another executor",
        () ->
            !training.process().isAlive()
                || cluster.pods(NAMESPACE, EXECUTORS + ",spark-exec-id%3D3").stream()
                    .anyMatch(KubernetesIT::isRunning));

    assertThat(training.process().isAlive()).as("training goes on").isTrue();
    assertSameHash(Stoker.finish(training));
  }

  @Test
  void aDriverInAPodTrainsOnPodsOfTheMemoryThatTheJobCountsOn() throws IOException {
    Started submission =
        submit(
            stoker().with("STOKER_NATIVE_MEMORY", "2g"),
            "cluster",
            train("inside"),
            Stream.of(
                    account("spark.kubernetes.authenticate.submission", "stoker"),
                    executors(),
                    mounted("executor"),
                    mounted("driver"),
                    Stream.of(
                        "spark.kubernetes.driver.pod.name=stoker-inside",
                        "spark.kubernetes.authenticate.driver.serviceAccountName=stoker"))
                .flatMap(settings -> settings));
    KubernetesCluster.await(
        "executors", () -> cluster.pods(NAMESPACE, EXECUTORS).size() == EXECUTORS_OF_A_JOB);
    List<JsonNode> pods = cluster.pods(NAMESPACE, EXECUTORS);
    Outcome outcome = Stoker.finish(submission);

    assertThat(outcome.exitCode()).as(outcome.err()).isZero();
    assertQuiet(outcome);
    assertThat(hashOf(shared.resolve("runs/inside")))
        .as(node.logs("stoker-inside"))
        .isEqualTo(local);
    for (JsonNode pod : pods) {
      JsonNode resources = pod.at("/spec/containers/0/resources");
      // 1 GiB of heap and 2 GiB outside of it, for which the preflight checks.
      assertThat(resources.at("/requests/memory").asText()).isEqualTo("3Gi");
      assertThat(resources.at("/limits/memory").asText()).isEqualTo("3Gi");
      assertThat(resources.at("/requests/cpu").asText()).isEqualTo("1");
      assertThat(pod.at("/spec/serviceAccountName").asText()).isEqualTo("stoker");
    }
    cluster.delete("/api/v1/namespaces/stoker/pods/stoker-inside", 0);
  }

  @Test
  void namesTheRightThatWhoSubmitsHasNot() {
    Outcome outcome =
        Stoker.finish(
            submit(
                stoker(),
                "cluster",
                train("refused"),
                Stream.concat(
                    account("spark.kubernetes.authenticate.submission", "default"), executors())));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(outcome.err().lines()).hasSize(1);
    assertThat(lastLine(outcome)).contains("system:serviceaccount:stoker:default", "access.yaml");
  }

  /** The preflight's arithmetic is that of the pods. */
  @Test
  void aJobThatDoesNotFitIntoItsPodsIsRefused() {
    Outcome outcome =
        Stoker.finish(
            start(
                "stoker",
                "train --data %1$s/mnist --run %1$s/runs/large --model lenet5 --batch 4096 --workers 2"
                    .formatted(shared),
                "spark.executor.memoryOverhead=200m"));

    assertThat(outcome.exitCode()).isEqualTo(4);
    assertThat(lastLine(outcome))
        .contains("Not enough native memory in an executor", "there are 200 MiB");
  }

  /** Its locations and numbers are changed, as its first lines say. */
  private static String manifest() throws IOException {
    String mount = "  - name: shared\n              mountPath: /shared\n";
    return Files.readString(MANIFESTS.resolve("train.yaml"))
        .replace("s3a://BUCKET/mnist", "/shared/mnist")
        .replace("s3a://BUCKET/runs/mnist", "/shared/runs/manifest")
        .replace("--model lenet5 --workers 8", OPTIONS)
        // The volume of all pods, which is commented out for the driver and not there for
        // executors.
        .replace(
            "          #   - name: shared\n          #     mountPath: /shared\n",
            "          " + mount)
        .replace(
            "      #   - name: shared\n      #     persistentVolumeClaim:\n      #       claimName: stoker-shared\n",
            "        - name: shared\n          persistentVolumeClaim:\n            claimName: stoker-shared\n")
        .replace(
            "            - name: work\n              mountPath: /opt/spark/work-dir\n      volumes:\n",
            "            - name: work\n              mountPath: /opt/spark/work-dir\n            "
                + mount.strip()
                + "\n      volumes:\n        - name: shared\n          persistentVolumeClaim:\n"
                + "            claimName: stoker-shared\n");
  }

  private static String volume() {
    return """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: stoker-shared}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteMany]
          storageClassName: ""
          hostPath: {path: "%s"}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: stoker-shared}
        spec:
          resources: {requests: {storage: 1Gi}}
          accessModes: [ReadWriteMany]
          storageClassName: ""
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: stoker-s3}
        stringData: {access-key: none, secret-key: none}
        """
        .formatted(shared);
  }

  /** The driver's pod is deleted, and the job's next one goes on from the last checkpoint. */
  @Test
  void theManifestsJobGoesOnAfterItsDriverWasDeleted() throws IOException {
    Path run = shared.resolve("runs/manifest");
    cluster.apply(NAMESPACE, volume());
    cluster.apply(NAMESPACE, manifest());
    Stoker.awaitLine(run.resolve("checkpoints/000004/manifest.json"), "}");
    JsonNode first = cluster.pods(NAMESPACE, DRIVER).get(0);
    List<JsonNode> executors = cluster.pods(NAMESPACE, EXECUTORS);
    cluster.deletePod(first, 1);
    KubernetesCluster.await(
        "the end of the job",
        () -> {
          JsonNode status =
              cluster
                  .get("/apis/batch/v1/namespaces/stoker/jobs/stoker-train")
                  .body()
                  .path("status");
          return status.has("succeeded") || status.path("failed").asInt() > 1;
        });

    String log = node.logs("stoker-train");
    assertThat(hashOf(run)).as(log).isEqualTo(local);
    assertThat(rounds(run)).isEqualTo(rounds(shared.resolve("runs/local")));
    assertThat(log).contains("Resuming from ");
    for (JsonNode pod : executors) {
      JsonNode container = pod.at("/spec/containers/0");
      assertThat(container.at("/resources/limits/memory").asText()).isEqualTo("6Gi");
      assertThat(container.at("/resources/requests/cpu").asText()).isEqualTo("2");
      assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean()).isTrue();
      assertThat(pod.at("/metadata/ownerReferences/0/name")).isEqualTo(first.at("/metadata/name"));
    }
    cluster.delete("/apis/batch/v1/namespaces/stoker/jobs/stoker-train", 0);
  }

  @Test
  void theApiServerTakesTheJobForTheOperator() throws IOException {
    ObjectNode definition =
        (ObjectNode)
            JSON.readTree(
                """
                {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                 "metadata": {"name": "sparkapplications.sparkoperator.k8s.io", "annotations":
                  {"api-approved.kubernetes.io": "https://github.com/kubeflow/spark-operator/pull/1298"}},
                 "spec": {"group": "sparkoperator.k8s.io", "scope": "Namespaced",
                  "names": {"kind": "SparkApplication", "plural": "sparkapplications",
                   "singular": "sparkapplication", "listKind": "SparkApplicationList"},
                  "versions": [{"name": "v1beta2", "served": true, "storage": true,
                   "schema": {}, "subresources": {"status": {}}}]}}
                """);
    try (InputStream schema =
        KubernetesIT.class.getResourceAsStream("/spark-application-v1beta2.json")) {
      ((ObjectNode) definition.at("/spec/versions/0/schema"))
          .set("openAPIV3Schema", JSON.readTree(schema));
    }
    Answer defined = cluster.create("", definition);
    assertThat(defined.isGood()).as("%s", defined.body()).isTrue();
    String path = "/apis/sparkoperator.k8s.io/v1beta2/namespaces/stoker/sparkapplications";
    KubernetesCluster.await("the new resource", () -> cluster.get(path).isGood());
    JsonNode application =
        JSON.valueToTree(
            new Yaml().<Object>load(Files.readString(MANIFESTS.resolve("spark-application.yaml"))));

    Answer wrong = cluster.create(NAMESPACE, misspelt(application));
    assertThat(wrong.body().path("message").asText()).contains("spec.executor.instance");
    Answer created = cluster.create(NAMESPACE, application);
    assertThat(created.isGood()).as("%s", created.body()).isTrue();
    assertThat(created.body().get("spec")).isEqualTo(application.get("spec"));
  }

  private static JsonNode misspelt(JsonNode application) {
    ObjectNode copy = application.deepCopy();
    ((ObjectNode) copy.at("/spec/executor")).put("instance", 4);
    return copy;
  }

  /** Java warns of a module that Spark 4 adds to its options. */
  private static void assertQuiet(Outcome outcome) {
    assertThat(
            outcome.err().lines().filter(line -> line.contains("WARN") || line.contains("ERROR")))
        .allMatch(line -> line.startsWith("WARNING: Using incubator modules: "));
  }

  private static String lastLine(Outcome outcome) {
    return outcome.err().lines().reduce((one, other) -> other).orElse("");
  }

  /** Makes sure that a job ends within a minute with one line, and nothing of Spark's. */
  private static void assertRefused(String account, String setting, String... parts) {
    Instant start = Instant.now();
    Outcome outcome = Stoker.finish(start(account, train("refused"), setting));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(lastLine(outcome)).contains(parts);
    assertQuiet(outcome);
    assertThat(Duration.between(start, Instant.now())).isLessThan(A_MINUTE);
  }

  @Test
  void namesAServiceAccountWithoutRights() {
    assertRefused(
        "default",
        "spark.ui.enabled=false",
        // What Spark requests first depends on its version, and what the API server says on that.
        "orbidden",
        "access.yaml");
  }

  @Test
  void namesATokenThatIsNotValid() {
    assertRefused(
        "stoker",
        "spark.kubernetes.authenticate.oauthToken=expired",
        "Unauthorized",
        "spark.kubernetes.authenticate.oauthToken");
  }

  /** To who has rights in one namespace, the API server does not tell whether another is there. */
  @Test
  void namesANamespaceThatIsNotThere() {
    assertRefused(
        "stoker",
        "spark.kubernetes.namespace=elsewhere",
        "elsewhere",
        "spark.kubernetes.namespace");
  }

  @Test
  void namesAnImageThatCannotBePulled() {
    assertRefused(
        "stoker",
        "spark.kubernetes.container.image=REGISTRY/stroker:0.1.0",
        "Pod stoker/",
        "ImagePullBackOff",
        "\"REGISTRY/stroker:0.1.0\"",
        "spark.kubernetes.container.image");
  }

  @Test
  void namesASecretThatIsMissing() {
    assertRefused(
        "stoker",
        "spark.kubernetes.executor.secretKeyRef.AWS_ACCESS_KEY_ID=no-secret:access-key",
        "Pod stoker/",
        "secret \"no-secret\" not found");
  }

  @Test
  void namesWhyNoNodeTakesThePods() {
    assertRefused(
        "stoker",
        "spark.kubernetes.executor.request.cores=100",
        "Pod stoker/",
        "stays pending: 0/1 nodes are available: 1 Insufficient cpu",
        "spark.executor.cores");
  }

  @Test
  void namesAQuotaThatIsExceeded() {
    cluster.apply(
        FULL,
        """
        apiVersion: v1
        kind: ResourceQuota
        metadata: {name: small}
        spec: {hard: {limits.memory: 1Gi}}
        """);
    KubernetesCluster.await(
        "the quota",
        () ->
            cluster
                .get("/api/v1/namespaces/full/resourcequotas/small")
                .body()
                .at("/status/hard")
                .has("limits.memory"));
    Instant start = Instant.now();
    Outcome outcome =
        Stoker.finish(
            start(
                "stoker",
                train("refused"),
                "spark.kubernetes.namespace=" + FULL,
                "spark.kubernetes.authenticate.oauthToken=" + cluster.token(FULL, "stoker")));

    assertThat(outcome.exitCode()).as(outcome.err()).isEqualTo(4);
    assertThat(lastLine(outcome))
        .contains("exceeded quota: small", "limits.memory=5Gi", "have the quota raised");
    assertQuiet(outcome);
    assertThat(Duration.between(start, Instant.now())).isLessThan(A_MINUTE);
  }
}
