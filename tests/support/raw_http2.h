#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace timbre::testing {

// HTTP/2 written by hand (RFC 9113, 7541), to say what no client library would say. Every send is bounded in
// time: a server that has closed, or reads no more, makes it return false. Threads: one at a time.
class RawHttp2 {
 public:
  enum Type : uint8_t {
    kData,
    kHeaders,
    kPriority,
    kReset,
    kSettings,
    kPush,
    kPing,
    kGoAway,
    kWindow,
    kContinuation
  };
  static constexpr uint8_t kEndStream = 1, kEndHeaders = 4;

  // `address` is 127.0.0.1:port.
  explicit RawHttp2(const std::string& address) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    open_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
  }
  RawHttp2(RawHttp2&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), open_(std::exchange(other.open_, false)) {}
  RawHttp2& operator=(RawHttp2&&) = delete;
  ~RawHttp2() {
    if (socket_ >= 0) ::close(socket_);
  }

  static std::string Preface() { return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"; }

  static std::string Frame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload) {
    std::string frame = BigEndian(payload.size(), 3);
    frame += static_cast<char>(type);
    frame += static_cast<char>(flags);
    return frame + BigEndian(stream, 4) + payload;
  }

  // The header block of a call; each literal stands for itself.
  static std::string CallHeaders(const std::string& path) {
    return "\x83\x86" + Literal("\x04", path) + Literal("\x01", "localhost") + Header("te", "trailers") +
           Header("content-type", "application/grpc");
  }
  static std::string Header(const std::string& name, const std::string& value) {
    return std::string(1, '\0') + Sized(name) + Sized(value);
  }

  static std::string BigEndian(uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
    return out;
  }

  // All of `bytes`, reading and forgetting what comes meanwhile.
  bool Send(const std::string& bytes, std::chrono::milliseconds timeout = std::chrono::milliseconds(2000)) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    size_t sent = 0;
    while (open_ && sent < bytes.size()) {
      Drain();
      const ssize_t count = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count > 0) {
        sent += static_cast<size_t>(count);
      } else if (count < 0 && errno != EAGAIN) {
        open_ = false;
      } else {
        if (std::chrono::steady_clock::now() > deadline) return false;
        pollfd ready{socket_, POLLOUT | POLLIN, 0};
        ::poll(&ready, 1, 50);
      }
    }
    return open_;
  }

  // Reads and forgets what is there; a server that has closed is noticed here.
  void Drain() {
    char buffer[16384];
    while (open_) {
      const ssize_t count = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) open_ = false;
    }
  }

  // Whether `text` comes within that time; what came before it is forgotten.
  bool Hears(const std::string& text, std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    std::string heard;
    char buffer[16384];
    while (open_ && heard.find(text) == std::string::npos && std::chrono::steady_clock::now() < deadline) {
      const ssize_t count = ::recv(socket_, buffer, sizeof(buffer), 0);
      if (count > 0) {
        heard.append(buffer, static_cast<size_t>(count));
      } else if (count < 0 && errno == EAGAIN) {
        pollfd ready{socket_, POLLIN, 0};
        ::poll(&ready, 1, 50);
      } else {
        open_ = false;
      }
    }
    return heard.find(text) != std::string::npos;
  }

  // Whether the server closed the connection within that time.
  bool ClosedWithin(std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    for (Drain(); open_ && std::chrono::steady_clock::now() < deadline; Drain()) {
      pollfd ready{socket_, POLLIN, 0};
      ::poll(&ready, 1, 50);
    }
    return !open_;
  }

  bool open() const { return open_; }

 private:
  static std::string Sized(const std::string& text) { return Integer(text.size(), 7, 0) + text; }
  // RFC 7541, 5.1.
  static std::string Integer(uint64_t value, int prefix_bits, uint8_t high) {
    const uint64_t most = (uint64_t{1} << prefix_bits) - 1;
    if (value < most) return {static_cast<char>(high | value)};
    std::string out{static_cast<char>(high | most)};
    for (value -= most; value >= 128; value >>= 7) out += static_cast<char>(0x80 | (value & 0x7F));
    return out + static_cast<char>(value);
  }
  static std::string Literal(const std::string& index, const std::string& value) {
    return index + Sized(value);
  }

  int socket_ = -1;
  bool open_ = false;
};

}  // namespace timbre::testing
