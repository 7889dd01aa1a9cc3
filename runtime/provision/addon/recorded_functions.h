/** What recorded_functions.cc adds to the addon of tfjs-node. */
#ifndef ECHOLOOP_RECORDED_FUNCTIONS_H_
#define ECHOLOOP_RECORDED_FUNCTIONS_H_

#include <node_api.h>

#include <cstdint>
#include <string>

#if defined(__SSE__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace tfnodejs {

// registerFunction(name, graph, inputs, outputs) of the addon:
// - name (string), by which executeOp runs the function from then on
// - graph (Uint8Array), a serialised GraphDef
// - inputs, outputs (string[]), names of nodes whose first outputs these are
napi_value RegisterFunction(napi_env env, napi_callback_info info);

// removeFunction(name) of the addon.
napi_value RemoveFunction(napi_env env, napi_callback_info info);

// A string attribute's value: text, or a Uint8Array of any bytes.
napi_status GetTextOrBytes(napi_env env, napi_value value, std::string &result);

// While it lives, numbers too small for the normal form of a float are zero on this thread, as they always are on
// TensorFlow's own threads. Otherwise the last bits of a result would tell which thread computed it.
class DenormalsAreZero {
 public:
  DenormalsAreZero() : control_(Read()) { Write(control_ | kFlush); }
  ~DenormalsAreZero() { Write(control_); }
  DenormalsAreZero(const DenormalsAreZero &) = delete;
  DenormalsAreZero &operator=(const DenormalsAreZero &) = delete;

 private:
#if defined(__SSE__) || defined(_M_X64)
  using Control = uint32_t;
  // Results flushed to zero, operands taken for zero.
  static constexpr Control kFlush = 0x8000 | 0x0040;
  static Control Read() { return _mm_getcsr(); }
  static void Write(Control control) { _mm_setcsr(control); }
#elif defined(__aarch64__)
  using Control = uint64_t;
  static constexpr Control kFlush = Control{1} << 24;
  static Control Read() {
    Control control;
    asm volatile("mrs %0, fpcr" : "=r"(control));
    return control;
  }
  static void Write(Control control) {
    asm volatile("msr fpcr, %0" : : "r"(control));
  }
#else
  using Control = uint32_t;
  static constexpr Control kFlush = 0;
  static Control Read() { return 0; }
  static void Write(Control) {}
#endif
  const Control control_;
};

}  // namespace tfnodejs

#endif  // ECHOLOOP_RECORDED_FUNCTIONS_H_
