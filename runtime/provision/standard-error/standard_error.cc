// Two functions for Node: another file takes the place of standard error, and standard error its place again. The
// system call that does this in one step, so that no other thread's file can come in between, is not to be had from
// JavaScript. The few declarations of Node-API stand here, so that no headers are needed; its binary interface is
// stable.
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

extern "C" {
typedef struct napi_env__* napi_env;
typedef struct napi_value__* napi_value;
typedef struct napi_callback_info__* napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
int napi_get_cb_info(napi_env, napi_callback_info, size_t*, napi_value*, napi_value*, void**);
int napi_get_value_int32(napi_env, napi_value, int32_t*);
int napi_create_int32(napi_env, int32_t, napi_value*);
int napi_create_function(napi_env, const char*, size_t, napi_callback, void*, napi_value*);
int napi_set_named_property(napi_env, napi_value, const char*, napi_value);

static int32_t Argument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  int32_t number = -1;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) == 0 && count == 1) {
    napi_get_value_int32(env, argument, &number);
  }
  return number;
}

static napi_value Number(napi_env env, int32_t number) {
  napi_value value = nullptr;
  napi_create_int32(env, number, &value);
  return value;
}

// replace(file): the descriptor that standard error is kept under, or -1 where nothing was changed.
static napi_value Replace(napi_env env, napi_callback_info info) {
  const int kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (kept < 0) return Number(env, -1);
  if (dup2(Argument(env, info), STDERR_FILENO) < 0) {
    close(kept);
    return Number(env, -1);
  }
  return Number(env, kept);
}

// restore(kept): standard error as it was before replace.
static napi_value Restore(napi_env env, napi_callback_info info) {
  const int kept = Argument(env, info);
  const int result = dup2(kept, STDERR_FILENO);
  close(kept);
  return Number(env, result);
}

static void Export(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, SIZE_MAX, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  Export(env, exports, "replace", Replace);
  Export(env, exports, "restore", Restore);
  return exports;
}
}
