# The start stub of `relr` on x86_64, for GNU as: what src/elf/relocate/start_stub.rs holds as bytes. Operands that depend on the
# program are 0 here. Entered as the dynamic linker enters a program; hands on rdi, rsi, rdx and the stack.
        .intel_syntax noprefix
        endbr64
        mov     r8, rdi
        mov     r9, rsi
        mov     r10, rdx
        lea     rsi, [rip + 0]          # the packed table
        lea     rdi, [rip + 0]          # its end
        lea     rdx, [rip + 0]          # address 0 of the program: what every address moves by
.Lword:   cmp     rsi, rdi
        jae     .Lprotect
        mov     rax, [rsi]
        add     rsi, 8
        test    al, 1
        jnz     .Lbitmap
        lea     rcx, [rdx + rax]        # a place
        add     [rcx], rdx
        add     rcx, 8
        jmp     .Lword
.Lbitmap: mov     r11, rcx                # bits for the 63 places behind
.Lbit:    shr     rax, 1
        jz      .Lbehind
        test    al, 1
        jz      .Lnext
        add     [r11], rdx
.Lnext:   add     r11, 8
        jmp     .Lbit
.Lbehind: add     rcx, 504
        jmp     .Lword
.Lprotect:
        lea     rdi, [rip + 0]          # the pages of RELRO
        mov     esi, 0                  # their size
        mov     edx, 1                  # PROT_READ
        mov     eax, 10                 # mprotect
        syscall
        test    eax, eax
        jz      .Lenter
        mov     edi, 127                # as the dynamic linker ends where it cannot protect
        mov     eax, 231                # exit_group
        syscall
.Lenter:  mov     rdi, r8
        mov     rsi, r9
        mov     rdx, r10
        .byte   0xe9                    # jmp to the old entry point
        .long   0
