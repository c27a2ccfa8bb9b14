// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;
import org.bytedeco.pytorch.LongArrayRef;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Counts the operations that the engine asks libtorch for, each of which is one launch on a GPU, or
 * two. libtorch's own profiler cannot be reached from Java. So this loads the engine's classes a
 * second time, with a call of {@link #count} before each call of an operation.
 */
public final class OperationCounter extends ClassLoader {
  private static final String ENGINE = OperationCounter.class.getPackageName() + ".";
  private static final String SELF = OperationCounter.class.getName().replace('.', '/');
  private static final String TENSOR = "org/bytedeco/pytorch/Tensor";

  private static final Set<String> OWNERS = Set.of(TENSOR, "org/bytedeco/pytorch/global/torch");

  /** What computes nothing: views, and what only asks a tensor or makes one of host memory. */
  private static final Set<String> FREE =
      Set.of(
          "narrow",
          "view",
          "t",
          "permute",
          "transpose",
          "select",
          "expand",
          "diagonal",
          "empty",
          "new_empty",
          "from_blob");

  private static final Map<String, Integer> COUNTS = new TreeMap<>();

  OperationCounter() {
    super(OperationCounter.class.getClassLoader());
  }

  /** Called by the engine's classes before an operation. */
  public static void count(String operation) {
    COUNTS.merge(operation, 1, Integer::sum);
  }

  /** The operations since the last call, by name. */
  public static Map<String, Integer> take() {
    Map<String, Integer> counts = new TreeMap<>(COUNTS);
    COUNTS.clear();
    return counts;
  }

  // What may or may not copy: counted if it does.

  public static Tensor contiguous(Tensor tensor) {
    return counted("contiguous", tensor, tensor.contiguous());
  }

  public static Tensor contiguous(Tensor tensor, MemoryFormat format) {
    return counted("contiguous", tensor, tensor.contiguous(format));
  }

  public static Tensor reshape(Tensor tensor, long... sizes) {
    return counted("reshape", tensor, tensor.reshape(sizes));
  }

  public static Tensor reshape(Tensor tensor, LongArrayRef sizes) {
    return counted("reshape", tensor, tensor.reshape(sizes));
  }

  public static Tensor to(Tensor tensor, ScalarType type) {
    return counted("to", tensor, tensor.to(type));
  }

  public static Tensor to(
      Tensor tensor,
      TensorOptions options,
      boolean nonBlocking,
      boolean copy,
      MemoryFormatOptional format) {
    return counted("to", tensor, tensor.to(options, nonBlocking, copy, format));
  }

  private static Tensor counted(String operation, Tensor before, Tensor after) {
    if (after.data_ptr().address() != before.data_ptr().address()) {
      count(operation);
    }
    return after;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(ENGINE) || name.equals(OperationCounter.class.getName())) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      if (loaded != null) {
        return loaded;
      }
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        byte[] code = withCounting(new ClassReader(in));
        return defineClass(name, code, 0, code.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  private static byte[] withCounting(ClassReader original) {
    ClassWriter changed = new ClassWriter(original, ClassWriter.COMPUTE_MAXS);
    original.accept(
        new ClassVisitor(Opcodes.ASM9, changed) {
          @Override
          public MethodVisitor visitMethod(
              int access, String name, String descriptor, String signature, String[] exceptions) {
            return new Counting(super.visitMethod(access, name, descriptor, signature, exceptions));
          }
        },
        0);
    return changed.toByteArray();
  }

  private static final class Counting extends MethodVisitor {
    Counting(MethodVisitor target) {
      super(Opcodes.ASM9, target);
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean isInterface) {
      boolean operation =
          name.equals("callBoxed")
              || (OWNERS.contains(owner)
                  && descriptor.contains(")Lorg/bytedeco/pytorch/T")
                  && !FREE.contains(name));
      String wrapped = "(L" + TENSOR + ";" + descriptor.substring(1);
      if (operation && opcode == Opcodes.INVOKEVIRTUAL && isWrapper(name, wrapped)) {
        super.visitMethodInsn(Opcodes.INVOKESTATIC, SELF, name, wrapped, false);
        return;
      }
      if (operation) {
        super.visitLdcInsn(name);
        super.visitMethodInsn(Opcodes.INVOKESTATIC, SELF, "count", "(Ljava/lang/String;)V", false);
      }
      super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
    }

    private static boolean isWrapper(String name, String descriptor) {
      return Arrays.stream(OperationCounter.class.getDeclaredMethods())
          .anyMatch(
              method ->
                  method.getName().equals(name)
                      && Type.getMethodDescriptor(method).equals(descriptor));
    }
  }
}
