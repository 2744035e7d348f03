#pragma once

#include <string>

#include "core/sys/environment.h"

namespace pilotpros {

/// Where we print: results to standard output, progress and diagnostics to standard error. Each may or may not be a
/// terminal.
class Terminal {
  public:
    Terminal() = default;
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    Terminal(Terminal&&) = delete;
    Terminal& operator=(Terminal&&) = delete;
    virtual ~Terminal() = default;

    /// Throws Error when it cannot be written, but for a reader that is gone.
    virtual void out(const std::string& text) = 0;
    virtual void err(const std::string& text) = 0;
    [[nodiscard]] virtual bool out_is_terminal() const = 0;
    [[nodiscard]] virtual bool err_is_terminal() const = 0;
    /// Columns of the terminal: of standard output, else of standard error, else COLUMNS, else 0 for "as wide as it
    /// gets".
    [[nodiscard]] virtual int width() const = 0;
    /// Lines of the terminal, 24 when it does not say.
    [[nodiscard]] virtual int height() const = 0;
    /// Whether that stream takes colour and cursor movement: a terminal that is not dumb, and no NO_COLOR (which
    /// forbids colour only).
    [[nodiscard]] virtual bool err_can_redraw() const = 0;
    [[nodiscard]] virtual bool out_in_colour() const = 0;
};

/// The process's own standard streams.
class StandardTerminal final : public Terminal {
  public:
    explicit StandardTerminal(const Environment& environment) : environment_(environment) {}
    void out(const std::string& text) override;
    void err(const std::string& text) override;
    [[nodiscard]] bool out_is_terminal() const override;
    [[nodiscard]] bool err_is_terminal() const override;
    [[nodiscard]] int width() const override;
    [[nodiscard]] int height() const override;
    [[nodiscard]] bool err_can_redraw() const override;
    [[nodiscard]] bool out_in_colour() const override;

  private:
    const Environment& environment_;
};

}  // namespace pilotpros
