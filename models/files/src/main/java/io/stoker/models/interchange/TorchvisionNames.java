// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The names that torchvision gives the modules of its models, for the models of the zoo that are
 * the same.
 */
public final class TorchvisionNames {
  /** Names the modules with parameters, in the order of the canonical vector. */
  private interface Names {
    List<String> of(ModelSpec model);
  }

  /** For the models of the zoo that torchvision has too. */
  private static final Map<String, Names> NAMES =
      Map.ofEntries(
          Map.entry("alexnet-owt", TorchvisionNames::featuresAndClassifier),
          Map.entry("vgg-11", TorchvisionNames::featuresAndClassifier),
          Map.entry("vgg-11-bn", TorchvisionNames::featuresAndClassifier),
          Map.entry("vgg-16", TorchvisionNames::featuresAndClassifier),
          Map.entry("vgg-16-bn", TorchvisionNames::featuresAndClassifier),
          Map.entry("squeezenet", TorchvisionNames::squeezeNet),
          Map.entry("squeezenet-1.1", TorchvisionNames::squeezeNet),
          Map.entry("googlenet", TorchvisionNames::googLeNet),
          Map.entry("resnet-18", TorchvisionNames::resNet),
          Map.entry("resnet-34", TorchvisionNames::resNet),
          Map.entry("resnet-50", TorchvisionNames::resNet));

  private TorchvisionNames() {}

  /**
   * The names of the modules with parameters, in the order of the canonical vector; empty for a
   * model that torchvision does not have.
   */
  static Optional<List<String>> of(ModelSpec model) {
    return Optional.ofNullable(NAMES.get(model.name()))
        .filter(names -> isOfTheZoo(model))
        .map(names -> names.of(model));
  }

  /** A model of the user's own may have the name of one of the zoo. */
  private static boolean isOfTheZoo(ModelSpec model) {
    int size = model.input().height();
    return (Zoo.sizes(model.name()).isEmpty() || Zoo.sizes(model.name()).contains(size))
        && Zoo.sized(model.name(), size, model.classes()).equals(model);
  }

  /**
   * torchvision's AlexNet and VGG: modules are numbered in {@code features}, up to the last
   * pooling, and again in {@code classifier}.
   */
  private static List<String> featuresAndClassifier(ModelSpec model) {
    List<ModelSpec.Placed> layers = model.placed();
    int features = 0;
    for (ModelSpec.Placed placed : layers) {
      if (placed.layer() instanceof LayerSpec.Pooling) {
        features = placed.index() + 1;
      }
    }
    List<String> names = new ArrayList<>();
    for (ModelSpec.Placed placed : layers) {
      if (!placed.parameters().isEmpty()) {
        names.add(
            placed.index() < features
                ? "features." + placed.index()
                : "classifier." + (placed.index() - features));
      }
    }
    return names;
  }

  /**
   * torchvision's SqueezeNet: {@code features} numbers the layers outside of the fire modules and
   * these modules, whose convolutions have names.
   */
  private static List<String> squeezeNet(ModelSpec model) {
    List<String> names = new ArrayList<>();
    int number = 0;
    for (ModelSpec.Placed placed : model.tree()) {
      if (placed.layer() instanceof CompositeSpec.Sequence) {
        for (String convolution : List.of("squeeze", "expand1x1", "expand3x3")) {
          names.add("features." + number + "." + convolution);
        }
      } else if (!placed.parameters().isEmpty()) {
        names.add(number == 0 ? "features.0" : "classifier.1");
      }
      number++;
    }
    return names;
  }

  /** torchvision's GoogLeNet: each convolution is followed by its normalization. */
  private static List<String> googLeNet(ModelSpec model) {
    List<String> names = new ArrayList<>();
    int first = 1;
    for (ModelSpec.Placed placed : model.placed()) {
      if (placed.layer() instanceof LayerSpec.Convolution) {
        addNormalized(names, "conv" + first);
        first++;
      } else if (placed.layer() instanceof CompositeSpec.Branches module) {
        for (String branch :
            List.of("branch1", "branch2.0", "branch2.1", "branch3.0", "branch3.1", "branch4.1")) {
          addNormalized(names, module.name() + "." + branch);
        }
      } else if (placed.layer() instanceof LayerSpec.Dense) {
        names.add("fc");
      }
    }
    return names;
  }

  private static void addNormalized(List<String> names, String module) {
    names.add(module + ".conv");
    names.add(module + ".bn");
  }

  /** torchvision's residual nets: the names of blocks are those of the model's layers. */
  private static List<String> resNet(ModelSpec model) {
    List<String> names = new ArrayList<>(List.of("conv1", "bn1"));
    for (ModelSpec.Placed placed : model.placed()) {
      if (placed.layer() instanceof CompositeSpec.Residual block) {
        String module = block.name().replace('-', '.');
        long convolutions =
            block.body().layers().stream()
                .filter(layer -> layer instanceof LayerSpec.Convolution)
                .count();
        for (int i = 1; i <= convolutions; i++) {
          names.add(module + ".conv" + i);
          names.add(module + ".bn" + i);
        }
        if (!block.shortcut().layers().isEmpty()) {
          names.add(module + ".downsample.0");
          names.add(module + ".downsample.1");
        }
      }
    }
    names.add("fc");
    return names;
  }
}
