// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.yaml.snakeyaml.Yaml;

/**
 * A Kubernetes cluster of this machine: etcd, API server, scheduler and controller manager on an
 * address of the loopback interface of its own, with RBAC. Its only node is a {@link PodRunner}.
 */
final class KubernetesCluster implements AutoCloseable {
  /** The port of the service "kubernetes", which pods reach the API server by. */
  private static final int PORT = 443;

  private static final int ETCD_PORT = 2379;
  private static final int ETCD_PEERS = 2380;
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final int CONFLICT = 409;
  private static final int NOT_FOUND = 404;

  /** The token of who runs the cluster; nothing of Stoker's gets it. */
  private static final String ADMIN = "admin-token";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The path of a kind's objects: of its group and version, and its plural. */
  private static final Map<String, String> PLURALS =
      Map.ofEntries(
          Map.entry("ConfigMap", "configmaps"),
          Map.entry("CustomResourceDefinition", "customresourcedefinitions"),
          Map.entry("Job", "jobs"),
          Map.entry("Namespace", "namespaces"),
          Map.entry("Node", "nodes"),
          Map.entry("PersistentVolume", "persistentvolumes"),
          Map.entry("PersistentVolumeClaim", "persistentvolumeclaims"),
          Map.entry("Pod", "pods"),
          Map.entry("ResourceQuota", "resourcequotas"),
          Map.entry("Role", "roles"),
          Map.entry("RoleBinding", "rolebindings"),
          Map.entry("Secret", "secrets"),
          Map.entry("Service", "services"),
          Map.entry("ServiceAccount", "serviceaccounts"),
          Map.entry("SparkApplication", "sparkapplications"));

  private static final List<String> OF_THE_CLUSTER =
      List.of("CustomResourceDefinition", "Namespace", "Node", "PersistentVolume");

  /** What the API server answered. */
  record Answer(int status, JsonNode body) {
    boolean isGood() {
      return status / 100 == 2;
    }
  }

  private final Path folder;
  private final Path binaries;
  private final String address;
  private final List<Process> processes = new ArrayList<>();
  private HttpClient client;

  private KubernetesCluster(Path folder, Path binaries) {
    this.folder = folder;
    this.binaries = binaries;
    // Another cluster on this machine has another address, and each pod of this one as well.
    SecureRandom random = new SecureRandom();
    this.address = "127." + (1 + random.nextInt(250)) + "." + random.nextInt(250);
  }

  /**
   * Starts a cluster.
   *
   * @param folder where it keeps its state and logs
   * @param binaries the folder of its programs
   */
  static KubernetesCluster start(Path folder, Path binaries) throws IOException {
    KubernetesCluster cluster = new KubernetesCluster(Files.createDirectories(folder), binaries);
    try {
      cluster.start();
      return cluster;
    } catch (IOException | GeneralSecurityException | RuntimeException | AssertionError e) {
      cluster.close();
      throw new AssertionError("Cannot start Kubernetes: " + cluster.logs(), e);
    }
  }

  /** The address of a process of the cluster: 1 is the API server's, others are free for pods. */
  String address(int number) {
    return address + "." + number;
  }

  String url() {
    return "https://" + address(1) + ":" + PORT;
  }

  /** The certificates by which clients know the API server. */
  Path certificates() {
    return folder.resolve("certificates/apiserver.crt");
  }

  private void start() throws IOException, GeneralSecurityException {
    Path key = serviceAccountKey();
    Path tokens =
        Files.writeString(
            folder.resolve("tokens.csv"),
            """
            %s,admin,admin,system:masters
            scheduler-token,system:kube-scheduler,scheduler
            controllers-token,system:kube-controller-manager,controllers
            """
                .formatted(ADMIN));
    String etcd = "http://" + address(1) + ":" + ETCD_PORT;
    String peers = "http://" + address(1) + ":" + ETCD_PEERS;
    launch(
        "etcd",
        "--data-dir=" + folder.resolve("etcd"),
        "--listen-client-urls=" + etcd,
        "--advertise-client-urls=" + etcd,
        "--listen-peer-urls=" + peers,
        "--initial-advertise-peer-urls=" + peers,
        "--initial-cluster=default=" + peers,
        "--unsafe-no-fsync");
    launch(
        "kube-apiserver",
        "--etcd-servers=" + etcd,
        "--secure-port=" + PORT,
        "--bind-address=" + address(1),
        "--advertise-address=" + address(1),
        // Endpoints cannot be addresses of the loopback interface; pods find the server by name.
        "--endpoint-reconciler-type=none",
        "--cert-dir=" + certificates().getParent(),
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=" + key,
        "--service-account-signing-key-file=" + key,
        "--token-auth-file=" + tokens,
        "--authorization-mode=Node,RBAC",
        "--service-cluster-ip-range=10.96.0.0/16");
    await("the API server's certificate", () -> Files.exists(certificates()));
    client =
        HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(10))
            .sslContext(trusting(certificates()))
            .build();
    await("the API server", () -> isReady());
    launch(
        "kube-scheduler",
        "--bind-address=" + address(1),
        "--kubeconfig=" + account("scheduler"),
        "--leader-elect=false");
    launch(
        "kube-controller-manager",
        "--bind-address=" + address(1),
        "--kubeconfig=" + account("controllers"),
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        "--service-account-private-key-file=" + key,
        "--root-ca-file=" + certificates());
    await(
        "the service account of the namespace default",
        () -> get("/api/v1/namespaces/default/serviceaccounts/default").isGood());
  }

  private boolean isReady() {
    try {
      return get("/readyz").isGood();
    } catch (AssertionError e) {
      return false; // It does not listen yet.
    }
  }

  /** The key with which the API server signs the tokens of service accounts. */
  private Path serviceAccountKey() throws IOException, GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    String text =
        Base64.getMimeEncoder(64, new byte[] {'\n'})
            .encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
    return Files.writeString(
        folder.resolve("service-accounts.key"),
        "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n".formatted(text));
  }

  /** The configuration of a client of the cluster's own. */
  private Path account(String name) throws IOException {
    return Files.writeString(
        folder.resolve(name + ".yaml"),
        """
        apiVersion: v1
        kind: Config
        clusters:
          - name: local
            cluster: {server: "%s", certificate-authority: "%s"}
        users:
          - name: %s
            user: {token: %s-token}
        contexts:
          - name: local
            context: {cluster: local, user: %s}
        current-context: local
        """
            .formatted(url(), certificates(), name, name, name));
  }

  private static SSLContext trusting(Path certificates)
      throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = Files.newInputStream(certificates)) {
      int number = 0;
      for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        store.setCertificateEntry("cluster-" + number++, each);
      }
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private void launch(String program, String... options) throws IOException {
    List<String> command = new ArrayList<>(List.of(binaries.resolve(program).toString()));
    command.addAll(List.of(options));
    processes.add(
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve(program + ".log").toFile())
            .start());
  }

  /** How the logs of its programs end. */
  private String logs() throws IOException {
    StringBuilder text = new StringBuilder();
    for (String program :
        List.of("etcd", "kube-apiserver", "kube-scheduler", "kube-controller-manager")) {
      Path log = folder.resolve(program + ".log");
      if (Files.exists(log)) {
        List<String> lines = Files.readAllLines(log);
        text.append("\n").append(program).append(":\n");
        text.append(String.join("\n", lines.subList(Math.max(0, lines.size() - 5), lines.size())));
      }
    }
    return text.toString();
  }

  /** Waits until something is there. */
  static void await(String what, BooleanSupplier there) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!there.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("Waited " + PATIENCE.toSeconds() + " s for " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
  }

  /** A request of who runs the cluster. */
  Answer get(String path) {
    return call("GET", path, "", "application/json");
  }

  /** Creates an object. */
  Answer post(String path, String json) {
    return call("POST", path, json, "application/json");
  }

  /** Changes fields of an object. */
  Answer patch(String path, String json) {
    return call("PATCH", path, json, "application/merge-patch+json");
  }

  /** Deletes an object, whose process gets some seconds to end; with none it is gone at once. */
  Answer delete(String path, int graceSeconds) {
    return call(
        "DELETE",
        path,
        "{\"propagationPolicy\": \"Background\", \"gracePeriodSeconds\": " + graceSeconds + "}",
        "application/json");
  }

  private Answer call(String method, String path, String body, String type) {
    try {
      HttpRequest.BodyPublisher content =
          body.isEmpty()
              ? HttpRequest.BodyPublishers.noBody()
              : HttpRequest.BodyPublishers.ofString(body);
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(URI.create(url() + path))
                  .timeout(PATIENCE)
                  .header("Authorization", "Bearer " + ADMIN)
                  .header("Content-Type", type)
                  .method(method, content)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      String text = response.body();
      return new Answer(
          response.statusCode(),
          text.startsWith("{") ? JSON.readTree(text) : JSON.valueToTree(text));
    } catch (IOException e) {
      throw new AssertionError("Cannot %s %s%s".formatted(method, url(), path), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Creates the objects of a manifest in a namespace, as {@code kubectl apply} does. */
  void apply(String namespace, String manifest) {
    for (Object document : new Yaml().loadAll(manifest)) {
      Answer answer = create(namespace, JSON.valueToTree(document));
      if (!answer.isGood() && answer.status() != CONFLICT) {
        throw new AssertionError("Refused: %s%n%s".formatted(answer.body(), document));
      }
    }
  }

  /** Creates an object, which the API server may refuse: it must know each field. */
  Answer create(String namespace, JsonNode object) {
    return post(collection(namespace, object) + "?fieldValidation=Strict", object.toString());
  }

  private static String collection(String namespace, JsonNode object) {
    String kind = object.get("kind").asText();
    String version = object.get("apiVersion").asText();
    String plural = PLURALS.get(kind);
    String group = (version.contains("/") ? "/apis/" : "/api/") + version;
    boolean ofCluster = OF_THE_CLUSTER.contains(kind);
    return ofCluster ? group + "/" + plural : group + "/namespaces/" + namespace + "/" + plural;
  }

  /** Makes a namespace, and waits until pods can be made there. */
  void createNamespace(String name) {
    ObjectNode namespace = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "Namespace");
    namespace.putObject("metadata").put("name", name);
    create("", namespace);
    await(
        "the service account of the namespace " + name,
        () ->
            get("/api/v1/namespaces/%s/serviceaccounts/default".formatted(name)).isGood()
                && get("/api/v1/namespaces/%s/configmaps/kube-root-ca.crt".formatted(name))
                    .isGood());
  }

  /** A token of a service account, as the files in its pods have. */
  String token(String namespace, String account) {
    Answer answer =
        post(
            "/api/v1/namespaces/%s/serviceaccounts/%s/token".formatted(namespace, account),
            "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"TokenRequest\", \"spec\": {}}");
    if (!answer.isGood()) {
      throw new AssertionError("No token of %s: %s".formatted(account, answer.body()));
    }
    return answer.body().at("/status/token").asText();
  }

  /** The pods of a namespace with a label, by name. */
  List<JsonNode> pods(String namespace, String label) {
    List<JsonNode> pods = new ArrayList<>();
    get("/api/v1/namespaces/%s/pods?labelSelector=%s".formatted(namespace, label))
        .body()
        .path("items")
        .forEach(pods::add);
    return pods;
  }

  /** Deletes a pod, which may be gone already. */
  void deletePod(JsonNode pod, int graceSeconds) {
    Answer answer =
        delete(
            String.format(
                Locale.ROOT,
                "/api/v1/namespaces/%s/pods/%s",
                pod.at("/metadata/namespace").asText(),
                pod.at("/metadata/name").asText()),
            graceSeconds);
    if (!answer.isGood() && answer.status() != NOT_FOUND) {
      throw new AssertionError("Not deleted: " + answer.body());
    }
  }

  /** A secret's or token's file is Base64 in the API. */
  static String decoded(JsonNode text) {
    return new String(Base64.getDecoder().decode(text.asText()), StandardCharsets.UTF_8);
  }

  /** Ends its programs, the first one last. */
  @Override
  public void close() {
    for (int last = processes.size() - 1; last >= 0; last--) {
      Process process = processes.get(last);
      process.destroyForcibly();
      process.onExit().join();
    }
  }
}
