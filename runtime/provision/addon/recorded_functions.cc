/**
 * Functions of TensorFlow's eager context: a graph that is registered under a name runs from then on as one operation
 * of that name. Compiled into the addon of tfjs-node beside its own sources (runtime/provision/addon-patch.ts).
 */
#include "recorded_functions.h"

#include <memory>
#include <string>
#include <vector>

#include "signals_held.h"
#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"
#include "tfjs_backend.h"
#include "utils.h"

namespace tfnodejs {

namespace {

using Graph = std::unique_ptr<TF_Graph, decltype(&TF_DeleteGraph)>;
using Buffer = std::unique_ptr<TF_Buffer, decltype(&TF_DeleteBuffer)>;
using ImportOptions = std::unique_ptr<TF_ImportGraphDefOptions,
                                      decltype(&TF_DeleteImportGraphDefOptions)>;
using Function = std::unique_ptr<TF_Function, decltype(&TF_DeleteFunction)>;

bool ReadBytes(napi_env env, napi_value value, std::string &bytes) {
  bool is_typed_array = false;
  if (napi_is_typedarray(env, value, &is_typed_array) != napi_ok ||
      !is_typed_array) {
    NAPI_THROW_ERROR(env, "Expected a Uint8Array");
    return false;
  }
  napi_typedarray_type type;
  size_t length = 0;
  void *data = nullptr;
  napi_status nstatus = napi_get_typedarray_info(env, value, &type, &length,
                                                 &data, nullptr, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, false);
  if (type != napi_uint8_array) {
    NAPI_THROW_ERROR(env, "Expected a Uint8Array");
    return false;
  }
  bytes.assign(static_cast<const char *>(data), length);
  return true;
}

/** The first outputs of the nodes that an array of strings names. */
bool ReadNodes(napi_env env, napi_value names, TF_Graph *graph,
               std::vector<TF_Output> &nodes) {
  uint32_t count = 0;
  napi_status nstatus = napi_get_array_length(env, names, &count);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, false);
  for (uint32_t i = 0; i < count; i++) {
    napi_value element;
    nstatus = napi_get_element(env, names, i, &element);
    ENSURE_NAPI_OK_RETVAL(env, nstatus, false);
    std::string name;
    if (GetStringParam(env, element, name) != napi_ok) return false;
    TF_Operation *operation = TF_GraphOperationByName(graph, name.c_str());
    if (operation == nullptr) {
      NAPI_THROW_ERROR(env, "The graph has no node named %s", name.c_str());
      return false;
    }
    nodes.push_back({operation, 0});
  }
  return true;
}

/** The arguments of the call, and the backend that was made with the addon. */
TFJSBackend *ReadCall(napi_env env, napi_callback_info info, size_t expected,
                      napi_value *args) {
  size_t count = expected;
  napi_status nstatus =
      napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  if (count < expected) {
    NAPI_THROW_ERROR(env, "Expected %zu arguments, got %zu", expected, count);
    return nullptr;
  }
  TFJSBackend *backend = nullptr;
  nstatus =
      napi_get_instance_data(env, reinterpret_cast<void **>(&backend));
  ENSURE_NAPI_OK_RETVAL(env, nstatus, nullptr);
  return backend;
}

}  // namespace

napi_status GetTextOrBytes(napi_env env, napi_value value,
                           std::string &result) {
  bool is_typed_array = false;
  napi_status nstatus = napi_is_typedarray(env, value, &is_typed_array);
  if (nstatus != napi_ok || !is_typed_array) {
    return GetStringParam(env, value, result);
  }
  return ReadBytes(env, value, result) ? napi_ok : napi_invalid_arg;
}

napi_value TFJSBackend::RegisterFunction(napi_env env, napi_value name_value,
                                         napi_value graph_value,
                                         napi_value input_names,
                                         napi_value output_names) {
  std::string name;
  if (GetStringParam(env, name_value, name) != napi_ok) return nullptr;
  std::string bytes;
  if (!ReadBytes(env, graph_value, bytes)) return nullptr;

  // Reading a graph begins a thread of TensorFlow's that computes its constants.
  SignalsHeld meanwhile;
  TF_AutoStatus tf_status;
  Graph graph(TF_NewGraph(), TF_DeleteGraph);
  Buffer graph_def(TF_NewBufferFromString(bytes.data(), bytes.size()),
                   TF_DeleteBuffer);
  ImportOptions options(TF_NewImportGraphDefOptions(),
                        TF_DeleteImportGraphDefOptions);
  TF_GraphImportGraphDef(graph.get(), graph_def.get(), options.get(),
                         tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);

  std::vector<TF_Output> inputs;
  std::vector<TF_Output> outputs;
  if (!ReadNodes(env, input_names, graph.get(), inputs) ||
      !ReadNodes(env, output_names, graph.get(), outputs)) {
    return nullptr;
  }
  const unsigned char append_hash = 0;
  const int every_operation = -1;
  Function function(
      TF_GraphToFunction(graph.get(), name.c_str(), append_hash,
                         every_operation, nullptr, inputs.size(),
                         inputs.data(), outputs.size(), outputs.data(),
                         nullptr, nullptr, nullptr, tf_status.status),
      TF_DeleteFunction);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  TFE_ContextAddFunction(tfe_context_, function.get(), tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  return nullptr;
}

napi_value TFJSBackend::RemoveFunction(napi_env env, napi_value name_value) {
  std::string name;
  if (GetStringParam(env, name_value, name) != napi_ok) return nullptr;
  TF_AutoStatus tf_status;
  TFE_ContextRemoveFunction(tfe_context_, name.c_str(), tf_status.status);
  ENSURE_TF_OK_RETVAL(env, tf_status, nullptr);
  return nullptr;
}

napi_value RegisterFunction(napi_env env, napi_callback_info info) {
  napi_value args[4];
  TFJSBackend *backend = ReadCall(env, info, 4, args);
  if (backend == nullptr) return nullptr;
  return backend->RegisterFunction(env, args[0], args[1], args[2], args[3]);
}

napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  napi_value args[1];
  TFJSBackend *backend = ReadCall(env, info, 1, args);
  if (backend == nullptr) return nullptr;
  return backend->RemoveFunction(env, args[0]);
}

}  // namespace tfnodejs
